/**
 * One client: puts together its socket, its contexts, its sessions and its view of the browser, and takes them apart
 * again. Runs in a worker thread.
 */
import type { Clock } from '../../clock.js';
import type { ClientOptions, ClientStanding } from '../../protocol/cdp.js';
import { createOnce, type End } from '../../wait.js';
import type { BareContext } from '../attached.js';
import type { Connection } from '../cdp/connection.js';
import { type Claimant, mayFail } from '../cdp/contexts.js';
import type { ClientTally } from '../client-tally.js';
import type { Exit } from '../egress.js';
import { type Attaching, createAttaching } from './attaching.js';
import { type ClientContexts, openContexts } from './contexts.js';
import { createDownloads, type Downloads } from './downloads.js';
import type { ClientSocket } from './listener.js';
import { CLOSE, createPeer, type Ended, failed, type Peer } from './peer.js';
import { createPrincipal } from './principal.js';
import { createReader } from './reader.js';
import { createRoots, type Tell } from './roots.js';
import type { Scout } from './scout.js';
import { createSessions } from './sessions.js';
import { hostsOf } from './urls.js';

export interface Client {
  /** It has ended; `why` says how. */
  readonly over: End;
  why(): Ended;
  /** By this number main knows what the client's pages load. */
  readonly exitId: number;
  pageCount(): number;
  standing(): ClientStanding;
  end(code: number, why: Ended): void;
  /** Resolves when nothing of it is left. Never rejects. */
  close(): Promise<void>;
}

/** Clients are told all of it, as it came. */
export interface BrowserVersion {
  readonly userAgent: string;
}

/** What all clients of one browser share. */
export interface Site {
  readonly connection: Connection;
  readonly scout: Scout;
  readonly clock: Clock;
  readonly tally: ClientTally;
  /** Chromium may write here. Downloads of a client go into a folder of its own in it. */
  readonly homeDir: string;
  /** What the browser says of itself. It stays the same, so it is asked once. */
  version(): Promise<BrowserVersion>;
  openExit(): Promise<Exit>;
  openContext(exit: Exit, claimant: Claimant): Promise<BareContext>;
}

/**
 * `socket` is paused. It is read from once everything else is there.
 * @throws {Error} when the browser is gone; nothing is left then, and the socket is closed.
 */
export async function openClient(socket: ClientSocket, options: ClientOptions, site: Site): Promise<Client> {
  const over = createOnce();
  let why: Ended = null;
  let read = (_frame: Buffer): void => {};
  const peer = createPeer({
    socket,
    limits: options,
    clock: site.clock,
    tally: site.tally,
    onFrame: (frame) => read(frame),
    onEnd(reason) {
      why = reason;
      over.happen();
    },
  });
  /** Steps that undo what was built, to be run last first. */
  const undo: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const { attaching, contexts, ...reading } = await build({ peer, options, site, undo });
    read = reading.read;
    peer.resume();
    const { pageCount } = attaching;
    const urls = (): string[] => attaching.targets().flatMap(({ type, url }) => (type === 'page' ? [url] : []));
    const standing = (): ClientStanding => ({ heardAtMs: peer.heardAtMs(), hosts: hostsOf(urls()) });
    return { over, why: () => why, exitId: contexts.exitId, pageCount, standing, end: peer.end, close };
  } catch (error) {
    peer.end(CLOSE.internal, failed('BROWSER_CRASHED', 'the browser is gone'));
    await close();
    throw error;
  }
}

interface Building {
  readonly peer: Peer;
  readonly options: ClientOptions;
  readonly site: Site;
  readonly undo: (() => Promise<void> | void)[];
}

interface Built {
  readonly attaching: Attaching;
  readonly contexts: ClientContexts;
  readonly read: (frame: Buffer) => void;
}

async function build({ peer, options, site, undo }: Building): Promise<Built> {
  const { connection, scout, homeDir, tally } = site;
  const { cdp, raw } = connection;
  const tell: Tell = ({ sessionId }, method, params) => peer.send(JSON.stringify({ method, params, sessionId }));
  const tooMuch = (message: string) => (): void => peer.end(CLOSE.policy, failed('SESSION_FAILED', message, 'policy'));

  const ownId = (await cdp.send('Target.attachToBrowserTarget')).sessionId;
  const own = raw.sender(ownId);
  undo.push(() => {
    raw.ignore(ownId);
    mayFail(cdp.send('Target.detachFromTarget', { sessionId: ownId }));
  });
  const downloads = createDownloads(homeDir, tooMuch('its pages downloaded more than can be taken'));
  undo.push(downloads.close);
  undo.push(scout.end);
  await scout.begin();
  const version = await site.version();

  const roots = createRoots(tell);
  const held: { contexts: ClientContexts | null } = { contexts: null };
  const sessions = createSessions({
    raw,
    send: peer.send,
    exitOf: (contextId) => held.contexts?.exitOf(contextId),
    onFlood: tooMuch('more commands than can be answered'),
    onTooMuch: tooMuch('a page has told more than can be taken'),
    clock: site.clock,
  });
  undo.push(sessions.close);
  const attaching = createAttaching({
    connection,
    scout,
    sessions,
    roots,
    tell,
    own,
    isOwnContext: (id) => held.contexts?.has(id) ?? false,
    emulation: options.emulation,
    agent: version.userAgent,
    onPage: tally.page,
  });
  raw.listen(ownId, {
    frame: hearOwn({ attaching, downloads, tell: (method, params) => tell(roots.main, method, params) }),
    giant: () => {},
    detached: () => {},
  });
  const contexts = await openContexts({
    site: { openExit: site.openExit, openContext: (exit) => openOwned(site, exit, attaching) },
    options,
    onTrouble: (trouble) => peer.end(trouble.reason === 'policy' ? CLOSE.policy : CLOSE.internal, trouble),
  });
  held.contexts = contexts;
  undo.push(contexts.close, attaching.close);
  const parts = { own, version, contexts, attaching, roots, downloads, peer };
  const principal = createPrincipal({ ...parts, windowSize: options.emulation.windowSize, raw });
  const rights = { allowsInsecureCerts: options.allowsInsecureCerts };
  const { read, close } = createReader({
    peer,
    connection,
    sessions,
    roots,
    principal,
    rights,
    onRefused: tally.refusal,
  });
  undo.push(close);
  return { attaching, contexts, read };
}

/** The client owns the context from before anything is in it until all of that has gone. */
async function openOwned({ scout, openContext }: Site, exit: Exit, attaching: Attaching): Promise<BareContext> {
  const context = await openContext(exit, attaching);
  scout.owners.set(context.id, attaching);
  const dispose = async (): Promise<void> => {
    await context.dispose();
    scout.owners.delete(context.id);
  };
  return { id: context.id, dispose };
}

interface OwnEvents {
  readonly attaching: Attaching;
  readonly downloads: Downloads;
  readonly tell: (method: string, params: object) => void;
}

/** Reads the events of the client's own session with the browser. */
function hearOwn({ attaching, downloads, tell }: OwnEvents): (frame: Buffer) => void {
  return (frame) => {
    const { method, params } = JSON.parse(frame.toString('utf8'));
    if (method === 'Target.attachedToTarget') attaching.attachedByOwn(params);
    else if (method === 'Target.detachedFromTarget') attaching.detachedByOwn(params);
    else if (method === 'Browser.downloadWillBegin' || method === 'Browser.downloadProgress') {
      downloads.progress(params);
      if (downloads.areTold) tell(method, params);
    }
  };
}
