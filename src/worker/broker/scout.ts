/**
 * The broker's own session with a browser, while clients are in it. It is told of all targets, and attaches to tabs
 * while a client needs them, as Puppeteer does. In: Chromium's events; out: the same events, to the owner of the
 * context and to nobody else. Runs in a worker thread.
 */
import type { Connection } from '../cdp/connection.js';
import { mayFail } from '../cdp/contexts.js';
import type { AttachedParams, TargetInfo } from '../cdp/frame.js';

/** Who owns one context or several, and hears of what is in them. */
export interface Owner {
  /** Called for `Target.targetCreated`, `targetInfoChanged`, `targetDestroyed` and `targetCrashed` of what it owns. */
  told(method: string, params: object, info: TargetInfo): void;
  /** The scout has attached to one of the owner's tabs, which is paused. */
  tabAttached(params: AttachedParams): void;
}

export interface Scout {
  /** By context id: the client that owns it. */
  readonly owners: Map<string, Owner>;
  /** By target id: everybody's targets. Kept only while there are clients. */
  readonly targets: ReadonlyMap<string, TargetInfo>;
  /** The owner of a target's context. */
  ownerOf(targetId: string | undefined): Owner | undefined;
  begin(): Promise<void>;
  end(): void;
  needTabs(owner: Owner, isNeeded: boolean): Promise<void>;
  detach(sessionId: string): Promise<unknown>;
}

interface Told {
  readonly method: string;
  readonly params: { readonly targetInfo?: TargetInfo; readonly targetId?: string; readonly sessionId?: string };
}

/** Leaves out pages and workers, because Playwright's session attaches to them already. */
const TABS = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true, filter: [{ type: 'tab' }] };
const NO_TABS = { autoAttach: false, waitForDebuggerOnStart: false, flatten: true };

/** `onPageCrash` is called for each page of a client that has died. */
export function createScout({ cdp, raw }: Pick<Connection, 'cdp' | 'raw'>, onPageCrash: () => void): Scout {
  const owners = new Map<string, Owner>();
  const targets = new Map<string, TargetInfo>();
  const needing = new Set<Owner>();
  let users = 0;
  /** The scout's session with the browser; null while there are no clients. */
  let beginning: Promise<string> | null = null;
  let sessionId: string | null = null;

  const ownerOf = (targetId = ''): Owner | undefined => owners.get(targets.get(targetId)?.browserContextId ?? '');

  const attached = (params: AttachedParams): void => {
    const owner = owners.get(params.targetInfo.browserContextId ?? '');
    if (owner) {
      owner.tabAttached(params);
    } else {
      mayFail(raw.sender(params.sessionId).send('Runtime.runIfWaitingForDebugger'));
      mayFail(detach(params.sessionId));
    }
  };

  const hearOfTarget = (method: string, params: Told['params']): void => {
    const { targetInfo, targetId = targetInfo?.targetId ?? '' } = params;
    if (targetInfo) targets.set(targetId, targetInfo);
    const info = targets.get(targetId);
    const owner = ownerOf(targetId);
    if (info) owner?.told(method, params, info);
    if (owner && method === 'Target.targetCrashed' && info?.type === 'page') onPageCrash();
    if (method === 'Target.targetDestroyed') targets.delete(targetId);
  };

  const hear = ({ method, params }: Told): void => {
    if (method === 'Target.attachedToTarget') attached(params as AttachedParams);
    else if (method !== 'Target.detachedFromTarget') hearOfTarget(method, params);
    else raw.detached(params.sessionId ?? '', Buffer.from(JSON.stringify({ method, params })));
  };

  const detach = (of: string): Promise<unknown> =>
    raw.sender(sessionId ?? '').send('Target.detachFromTarget', { sessionId: of });

  const begin = async (): Promise<string> => {
    const own = (await cdp.send('Target.attachToBrowserTarget')).sessionId;
    sessionId = own;
    raw.listen(own, {
      frame: (frame) => hear(JSON.parse(frame.toString('utf8'))),
      giant: () => {},
      detached: () => {},
    });
    await raw.sender(own).send('Target.setDiscoverTargets', { discover: true, filter: [{}] });
    return own;
  };

  const end = (own: string): void => {
    raw.ignore(own);
    mayFail(cdp.send('Target.detachFromTarget', { sessionId: own }));
  };

  return {
    owners,
    targets,
    ownerOf,
    async begin() {
      users++;
      raw.keepAll(true);
      beginning ??= begin();
      await beginning;
    },
    end() {
      if (--users > 0) return;
      beginning?.then(end, () => {});
      beginning = null;
      targets.clear();
      raw.keepAll(false);
    },
    async needTabs(owner, isNeeded) {
      const before = needing.size > 0;
      if (isNeeded) needing.add(owner);
      else needing.delete(owner);
      if (before === needing.size > 0 || sessionId === null) return;
      await raw.sender(sessionId).send('Target.setAutoAttach', isNeeded ? TABS : NO_TABS);
    },
    detach,
  };
}
