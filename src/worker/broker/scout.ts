/**
 * What there is in a browser, while there are clients in it: a session with the browser that is told of all targets,
 * and attaches to tabs while a client needs them, as Puppeteer does. In: Chromium's word; out: the same to whoever owns
 * the context, and to nobody else. Runs in a worker thread.
 */
import type { Connection } from '../cdp/connection.js';
import { mayFail } from '../cdp/contexts.js';
import type { AttachedParams, TargetInfo } from '../cdp/frame.js';

/** Of a context, or of several. */
export interface Owner {
  /** `Target.targetCreated`, `targetInfoChanged`, `targetDestroyed`, `targetCrashed`, of something in it. */
  told(method: string, params: object, info: TargetInfo): void;
  /** A tab, paused. */
  tabAttached(params: AttachedParams): void;
}

export interface Scout {
  /** Contexts of clients. */
  readonly owners: Map<string, Owner>;
  /** All that is there while somebody has begun, of everybody. */
  readonly targets: ReadonlyMap<string, TargetInfo>;
  /** Whose id this is. */
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

/** Sees that neither pages nor workers, which Playwright's session attaches to, come twice. */
const TABS = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true, filter: [{ type: 'tab' }] };
const NO_TABS = { autoAttach: false, waitForDebuggerOnStart: false, flatten: true };

/** `onPageCrash`: a page of a client's has died. */
export function createScout({ cdp, raw }: Pick<Connection, 'cdp' | 'raw'>, onPageCrash: () => void): Scout {
  const owners = new Map<string, Owner>();
  const targets = new Map<string, TargetInfo>();
  const needing = new Set<Owner>();
  let users = 0;
  /** Its session with the browser, while there is one. */
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
