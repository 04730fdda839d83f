/**
 * The contexts of one client, and their exits. All share one exit, so that what a session loads is counted and limited
 * together. Only a context with a proxy that the client has named has an exit of its own. Runs in a worker thread.
 */
import type { ClientOptions } from '../../protocol/cdp.js';
import type { Failed } from '../../protocol/job.js';
import type { BareContext } from '../attached.js';
import type { Exit } from '../egress.js';
import { NotAllowed, noContext } from './commands.js';
import type { Params } from './methods.js';
import { failed } from './peer.js';

/** Of one client. */
const CONTEXTS_MAX = 100;

export interface ClientContexts {
  readonly defaultId: string;
  /** By this number main knows what went through the exit. */
  readonly exitId: number;
  has(id: unknown): id is string;
  /** The exit of a context: its own, or the one that all share. */
  exitOf(id: string | undefined): Exit;
  /** Contexts that the client has made; the default one is not among them. */
  ids(): string[];
  /** @throws {Error} with words for the client: it may not have this proxy, or has too many contexts. */
  open(params: Params): Promise<string>;
  dispose(id: string): Promise<void>;
  /** Resolves when all are really gone. Never rejects. */
  close(): Promise<void>;
}

/** How contexts and exits are made. */
export interface Site {
  openExit(): Promise<Exit>;
  openContext(exit: Exit): Promise<BareContext>;
}

export interface ClientContextsOptions {
  readonly site: Site;
  readonly options: Pick<ClientOptions, 'proxy' | 'allowsClientProxy'>;
  /** An exit was lost, or has reached its limit: nothing goes out any more. */
  readonly onTrouble: (why: Failed) => void;
}

const LOST: Failed = failed('WORKER_CRASHED', 'the egress thread died');
const OVER: Failed = failed('SESSION_FAILED', 'its pages loaded more than MAX_SESSION_BYTES', 'policy');

interface Own {
  readonly context: BareContext;
  /** The context's own exit; null when it leaves by the shared one. */
  readonly exit: Exit | null;
}

/** @throws {Error} when the browser is gone. */
export async function openContexts({ site, options, onTrouble }: ClientContextsOptions): Promise<ClientContexts> {
  const offs: (() => void)[] = [];
  const contexts = new Map<string, Own>();
  /** Contexts that are being made. */
  const opening = new Set<Promise<string>>();
  let isClosed = false;

  const openExit = async (): Promise<Exit> => {
    const exit = await site.openExit();
    offs.push(
      exit.lost.on(() => onTrouble(LOST)),
      exit.over.on(() => onTrouble(OVER)),
    );
    return exit;
  };

  const add = async (exit: Exit | null): Promise<string> => {
    const context = await site.openContext(exit ?? shared);
    contexts.set(context.id, { context, exit });
    return context.id;
  };

  const remove = async (id: string): Promise<void> => {
    const own = contexts.get(id);
    await own?.context.dispose();
    own?.exit?.close();
    contexts.delete(id);
  };

  const shared = await openExit();
  if (options.proxy) shared.useProxy(options.proxy);
  const close = async (): Promise<void> => {
    isClosed = true;
    await Promise.all([...contexts.keys()].map(remove));
    // A client may go while contexts are made for it. They are not its any more, and must not outlive it.
    await Promise.allSettled(opening);
    await Promise.all([...contexts.keys()].map(remove));
    for (const off of offs.splice(0)) off();
    shared.close();
  };

  const openOne = async ({ proxyServer, proxyBypassList }: Params): Promise<string> => {
    if (proxyServer === undefined || proxyServer === '') return await add(null);
    if (!options.allowsClientProxy) throw new NotAllowed('proxyServer is not allowed by this server');
    const exit = await openExit();
    const bypass = typeof proxyBypassList === 'string' ? { bypass: withoutLoopback(proxyBypassList) } : {};
    exit.useProxy({ server: String(proxyServer), ...bypass });
    return await add(exit).catch((error: unknown) => {
      exit.close();
      throw error;
    });
  };
  const defaultId = await add(null).catch(async (error: unknown) => {
    await close();
    throw error;
  });

  return {
    defaultId,
    exitId: shared.id,
    has: (id): id is string => typeof id === 'string' && contexts.has(id),
    exitOf: (id = '') => contexts.get(id)?.exit ?? shared,
    ids: () => [...contexts.keys()].filter((id) => id !== defaultId),
    async open(params) {
      if (isClosed) throw new Error('the client has gone');
      if (contexts.size + opening.size >= CONTEXTS_MAX) throw new NotAllowed(`at most ${CONTEXTS_MAX} contexts`);
      const one = openOne(params);
      opening.add(one);
      try {
        return await one;
      } finally {
        opening.delete(one);
      }
    },
    dispose: async (id) => (contexts.has(id) ? await remove(id) : Promise.reject(noContext(id))),
    close,
  };
}

/** The client's list of hosts without `<-loopback>`, which is a word of Chromium's and no host. */
function withoutLoopback(list: string): string {
  return list
    .split(/[,;]/)
    .filter((entry) => entry.trim() !== '<-loopback>')
    .join();
}
