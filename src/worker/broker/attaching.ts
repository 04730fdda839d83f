/**
 * Which targets one client is attached to, and which it is told of: those in its contexts, as it has asked for them.
 * In: what Chromium attaches to, for Playwright, for the scout, or because the client asked. Out: sessions for the
 * client, or their end. Runs in a worker thread.
 */
import type { Emulation } from '../../protocol/cdp.js';
import type { Sender } from '../cdp/calls.js';
import type { Connection } from '../cdp/connection.js';
import { type Claimant, mayFail } from '../cdp/contexts.js';
import type { AttachedParams, TargetInfo } from '../cdp/frame.js';
import type { From } from './commands.js';
import { emulate, isEmulated } from './emulation.js';
import { BROWSER_TARGET, matches, type Root, type Roots, type Tell } from './roots.js';
import type { Owner, Scout } from './scout.js';
import type { Parent, Sessions } from './sessions.js';

/** Pages of one client, in all of its contexts: each takes a renderer. */
export const PAGES_MAX = 100;
/** Targets that the browser's session attaches to. Frames and workers of a page are attached to by the page's. */
const TOP_TYPES: ReadonlySet<string> = new Set(['page', 'tab', 'service_worker', 'shared_worker']);

export interface Attaching extends Owner, Claimant {
  /** These two are events of the client's own session with the browser. */
  attachedByOwn(params: AttachedParams): void;
  detachedByOwn(params: { readonly sessionId: string }): void;
  pageCount(): number;
  targets(): TargetInfo[];
  autoAttach(root: Root, auto: Root['auto']): Promise<void>;
  attach(targetId: string, from: From): Promise<object>;
  detach(sessionId: string): Promise<object>;
  addRoot(by: Root): string;
  close(): void;
}

export interface AttachingOptions {
  readonly connection: Connection;
  readonly scout: Scout;
  readonly sessions: Sessions;
  readonly roots: Roots;
  readonly tell: Tell;
  readonly own: Sender;
  readonly isOwnContext: (id: string | undefined) => boolean;
  readonly emulation: Emulation;
  /** The browser's own user agent. */
  readonly agent: string;
  /** A page was opened. */
  readonly onPage: () => void;
}

export function createAttaching(options: AttachingOptions): Attaching {
  const { connection, scout, sessions, roots, tell, own, isOwnContext, emulation, agent, onPage } = options;
  const { raw } = connection;
  /** By target: the root that has asked to be attached to it. */
  const asked = new Map<string, string | undefined>();
  let isClosed = false;

  const targets = (): TargetInfo[] =>
    [...scout.targets.values()].filter(({ browserContextId }) => isOwnContext(browserContextId));
  const pageCount = (): number => targets().filter(({ type }) => type === 'page').length;

  const run = (sessionId: string): void => mayFail(raw.sender(sessionId).send('Runtime.runIfWaitingForDebugger'));

  const detachFrom = detacher({ connection, scout, own });

  const give = (params: AttachedParams, by: { root: Root; parent: Parent }): void => {
    const { root, parent } = by;
    const { targetInfo } = params;
    sessions.adopt(params, { parent, rootId: root.sessionId });
    // Chromium tells of a target before it tells of the session with it, and clients rely on that order.
    roots.told('Target.targetCreated', { targetInfo }, targetInfo);
    tell(root, 'Target.attachedToTarget', params);
  };

  /** Offers a new, paused target to the client. `isKept`: the session stays, because what it has set ends with it. */
  const offer = (params: AttachedParams, parent: Parent, isKept: boolean): void => {
    const { sessionId, targetInfo, waitingForDebugger } = params;
    const root = isClosed ? undefined : roots.attaching(targetInfo.type);
    if (root && !sessions.has(targetInfo.targetId)) {
      give(params, { root, parent });
      if (waitingForDebugger && !root.auto?.isPaused) run(sessionId);
      return;
    }
    run(sessionId);
    if (isKept) raw.listen(sessionId, { frame: () => {}, giant: () => {}, detached: () => {} });
    else mayFail(detachFrom(parent, sessionId));
  };

  const attaching: Attaching = {
    told: roots.told,
    attached(params) {
      const { sessionId, targetInfo } = params;
      const isPage = targetInfo.type === 'page';
      if (isPage && pageCount() > PAGES_MAX) {
        // One too many. It must run before it is closed, because its opener waits for it in the same process.
        const begun = raw.sender(sessionId).send('Runtime.runIfWaitingForDebugger');
        mayFail(begun.then(() => own.send('Target.closeTarget', { targetId: targetInfo.targetId })));
        return;
      }
      if (isPage) onPage();
      if (isPage) emulate(raw.sender(sessionId), emulation, agent);
      offer(params, 'browser', isPage && isEmulated(emulation));
    },
    tabAttached: (params) => offer(params, 'scout', false),
    attachedByOwn(params) {
      const { targetId } = params.targetInfo;
      const root = roots.get(asked.get(targetId)) ?? roots.get(undefined);
      if (root) give(params, { root, parent: 'own' });
    },
    detachedByOwn(params) {
      raw.detached(params.sessionId, Buffer.from(JSON.stringify({ method: 'Target.detachedFromTarget', params })));
    },
    pageCount,
    targets,
    async autoAttach(root, auto) {
      root.auto = auto;
      await scout.needTabs(attaching, roots.attaching('tab') !== undefined);
      if (!auto) return;
      const missed = targets().filter(
        ({ type, targetId }) => TOP_TYPES.has(type) && matches(auto.filter, type) && !sessions.has(targetId),
      );
      for (const { targetId } of missed) {
        asked.set(targetId, root.sessionId);
        await own.send('Target.attachToTarget', { targetId, flatten: true });
      }
    },
    async attach(targetId, { root, sessionId }) {
      if (!root) return await raw.sender(sessionId ?? '').send('Target.attachToTarget', { targetId, flatten: true });
      asked.set(targetId, root.sessionId);
      return await own.send('Target.attachToTarget', { targetId, flatten: true });
    },
    async detach(sessionId) {
      if (roots.remove(sessionId)) return {};
      const held = sessions.get(sessionId);
      if (!held) throw new Error('No session with given id');
      await detachFrom(held.parent, sessionId);
      return {};
    },
    addRoot(by) {
      const { sessionId = '' } = roots.add();
      tell(by, 'Target.attachedToTarget', { sessionId, targetInfo: BROWSER_TARGET, waitingForDebugger: false });
      return sessionId;
    },
    close() {
      isClosed = true;
      mayFail(scout.needTabs(attaching, false));
    },
  };
  return attaching;
}

/** Only the session that has attached to a target can detach from it. */
function detacher({ connection, scout, own }: Pick<AttachingOptions, 'connection' | 'scout' | 'own'>) {
  return (parent: Parent, sessionId: string): Promise<unknown> => {
    if (parent === 'scout') return scout.detach(sessionId);
    const { cdp, raw } = connection;
    const by = parent === 'browser' ? cdp : parent === 'own' ? own : raw.sender(parent.sessionId);
    return by.send('Target.detachFromTarget', { sessionId });
  };
}
