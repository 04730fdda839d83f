/**
 * The commands that the broker carries out itself: all that name a target, a context or a window, or concern the
 * browser. Each reaches only what the client owns. In: parameters that `methods.ts` let through; out: results. Runs in
 * a worker thread.
 */
import type { Sender } from '../cdp/calls.js';
import type { TargetInfo } from '../cdp/frame.js';
import { letsRead, NO_PASTE } from './clipboard.js';
import type { Downloads } from './downloads.js';
import type { Params } from './methods.js';
import { BROWSER_TARGET, type Filter, filterOf, matches, type Root } from './roots.js';
import type { Held } from './sessions.js';
import { allowedUrl } from './urls.js';

/** What a command may use of its client. */
export interface Principal {
  /** The client's own session with the browser. No other client hears of it. */
  readonly own: Sender;
  readonly version: object;
  readonly windows: Set<number>;
  targets(): TargetInfo[];
  /** Contexts that the client has made, without its default one. */
  contextIds(): string[];
  /** `id`, if the client owns it. Without `id`, the context of the session's target, or else the default one. */
  contextId(id: unknown, held: Held | undefined): string;
  createContext(params: Params): Promise<string>;
  disposeContext(id: string): Promise<void>;
  createTarget(params: Params): Promise<object>;
  discover(root: Root, filter: Filter | null): void;
  autoAttach(root: Root, auto: Root['auto']): Promise<void>;
  autoAttachWithin(sessionId: string, params: Params): Promise<object>;
  addRoot(by: Root): string;
  attach(targetId: string, from: From): Promise<object>;
  detach(sessionId: string): Promise<object>;
  readonly downloads: Downloads;
  /** Ends the client, after its answer was sent. */
  leave(): void;
}

/** Where a command came from: a root, or a session with a target. */
export interface From {
  readonly root: Root | undefined;
  readonly sessionId: string | undefined;
  readonly held: Held | undefined;
}

type Command = (client: Principal, params: Params, from: From) => object | Promise<object>;

const DONE = {};

export const COMMANDS: Readonly<Record<string, Command>> = {
  'Browser.cancelDownload': inContext('Browser.cancelDownload'),
  'Browser.close'(client) {
    client.leave();
    return DONE;
  },
  'Browser.getVersion': ({ version }) => version,
  'Browser.getWindowBounds': withWindow('Browser.getWindowBounds'),
  async 'Browser.getWindowForTarget'(client, { targetId }, { held }) {
    const own = ownTarget(client, targetId ?? held?.targetId);
    const answer = await client.own.send('Browser.getWindowForTarget', { targetId: own.targetId });
    client.windows.add(answer.windowId);
    return answer;
  },
  'Browser.grantPermissions': withoutClipboard('Browser.grantPermissions'),
  'Browser.resetPermissions': inContext('Browser.resetPermissions'),
  'Browser.setContentsSize': withWindow('Browser.setContentsSize'),
  'Browser.setDownloadBehavior'(client, params, { held }) {
    const { behavior, eventsEnabled } = params;
    const isWanted = behavior === 'allow' || behavior === 'allowAndName';
    client.downloads.areTold = eventsEnabled === true;
    return send(client, 'Browser.setDownloadBehavior', {
      ...(isWanted ? { behavior, downloadPath: client.downloads.folder() } : { behavior: 'deny' }),
      browserContextId: client.contextId(params['browserContextId'], held),
      // The broker counts their bytes, so it hears of downloads even where the client does not want to.
      eventsEnabled: true,
    });
  },
  'Browser.setPermission': withoutClipboard('Browser.setPermission'),
  'Browser.setWindowBounds': withWindow('Browser.setWindowBounds'),
  'Storage.clearCookies': inContext('Storage.clearCookies'),
  'Storage.getCookies': inContext('Storage.getCookies'),
  'Storage.setCookies': inContext('Storage.setCookies'),
  'Target.activateTarget': withTarget('Target.activateTarget'),
  'Target.attachToBrowserTarget': (client, _params, { root }) => ({ sessionId: client.addRoot(mustBeRoot(root)) }),
  'Target.attachToTarget'(client, { targetId, flatten }, from) {
    if (targetId === BROWSER_TARGET.targetId) return { sessionId: client.addRoot(mustBeRoot(from.root)) };
    if (flatten !== true) throw new NotAllowed('Target.attachToTarget is only allowed with flatten');
    return client.attach(ownTarget(client, targetId).targetId, from);
  },
  'Target.closeTarget': withTarget('Target.closeTarget'),
  'Target.createBrowserContext': async (client, params) => ({ browserContextId: await client.createContext(params) }),
  async 'Target.createTarget'(client, params, { held }) {
    const { url, ...others } = params;
    const written = url === undefined || url === '' ? 'about:blank' : typeof url === 'string' ? allowedUrl(url) : null;
    if (!written) throw new NotAllowed('Target.createTarget is not allowed with this URL');
    const browserContextId = client.contextId(params['browserContextId'], held);
    return await client.createTarget({ ...others, url: written, browserContextId });
  },
  'Target.detachFromTarget': (client, { sessionId }) => client.detach(String(sessionId)),
  async 'Target.disposeBrowserContext'(client, { browserContextId }) {
    if (!client.contextIds().includes(String(browserContextId))) throw noContext(browserContextId);
    await client.disposeContext(String(browserContextId));
    return DONE;
  },
  'Target.getBrowserContexts': (client) => ({ browserContextIds: client.contextIds() }),
  'Target.getTargetInfo'(client, { targetId }, { root, held }) {
    const isBrowser = targetId === BROWSER_TARGET.targetId || (root && targetId === undefined);
    return { targetInfo: isBrowser ? BROWSER_TARGET : ownTarget(client, targetId ?? held?.targetId) };
  },
  'Target.getTargets'(client, params) {
    const filter = mustBeFilter(params);
    return { targetInfos: client.targets().filter(({ type }) => matches(filter, type)) };
  },
  async 'Target.setAutoAttach'(client, params, { root, sessionId }) {
    const { autoAttach, flatten, waitForDebuggerOnStart } = params;
    if (autoAttach === true && flatten !== true) {
      throw new NotAllowed('Target.setAutoAttach is only allowed with flatten');
    }
    const filter = mustBeFilter(params);
    if (root) await client.autoAttach(root, autoAttach ? { filter, isPaused: waitForDebuggerOnStart === true } : null);
    else if (sessionId !== undefined) return await client.autoAttachWithin(sessionId, params);
    return DONE;
  },
  'Target.setDiscoverTargets'(client, params, { root }) {
    client.discover(mustBeRoot(root), params['discover'] === true ? mustBeFilter(params) : null);
    return DONE;
  },
};

/** A method with a `browserContextId`. */
function inContext(method: string): Command {
  return (client, params, { held }) => {
    const browserContextId = client.contextId(params['browserContextId'], held);
    return send(client, method, { ...params, browserContextId });
  };
}

function withoutClipboard(method: string): Command {
  const give = inContext(method);
  return (client, params, from) => {
    if (letsRead(params)) throw new NotAllowed(`${method} ${NO_PASTE}`);
    return give(client, params, from);
  };
}

function withTarget(method: string): Command {
  return (client, { targetId }) => send(client, method, { targetId: ownTarget(client, targetId).targetId });
}

/** Window ids are small numbers that anybody can guess, so only those are taken that the client was told. */
function withWindow(method: string): Command {
  return (client, params) => {
    const { windowId } = params;
    if (typeof windowId !== 'number' || !client.windows.has(windowId)) throw new Error('Browser window not found');
    return send(client, method, params);
  };
}

/** `params` hold only the keys that `methods.ts` lets through. */
function send({ own }: Principal, method: string, params: Params): Promise<object> {
  return own.send(method as 'Browser.getVersion', params as never);
}

function ownTarget(client: Principal, targetId: unknown): TargetInfo {
  const own = client.targets().find((target) => target.targetId === targetId);
  if (!own) throw new Error('No target with given id found');
  return own;
}

/** The client may use the method, but not with these parameters. The text says that headcount refused, not Chromium. */
export class NotAllowed extends Error {
  constructor(why: string) {
    super(`headcount: ${why}`);
  }
}

export function noContext(id: unknown): Error {
  return new Error(`Failed to find browser context with id ${id}`);
}

function mustBeRoot(root: Root | undefined): Root {
  if (!root) throw new NotAllowed('only allowed of the browser');
  return root;
}

function mustBeFilter(params: Params): Filter {
  const filter = filterOf(params);
  if (!filter) throw new Error('Invalid filter');
  return filter;
}
