/**
 * Our own contexts, and the sessions with what is in them. In: what Chromium tells of targets; out: events for those
 * who listen on a session. Worker thread.
 */
import { EventEmitter } from 'node:events';
import { createOnce, type Once } from '../../wait.js';
import type { Calls } from './calls.js';
import type { Cdp } from './cdp.js';
import type { AttachedParams } from './frame.js';

export const CRASHED = 'Inspector.targetCrashed';
/** For each context of either make, because a page may open any number of pages, each with a renderer. */
export const PAGES_MAX = 20;

export interface Session extends Cdp {
  readonly events: EventEmitter;
  /** Listened for from the start, because a page may die before anybody knows that it is there. */
  readonly crashed: Once;
  readonly closed: Once;
  readonly isPage: boolean;
}

/** A context, and the sessions with what is in it. */
export interface OwnContext {
  readonly sessions: ReadonlyMap<string, Session>;
  /** Its first page. */
  readonly main: Promise<Session>;
}

/** Somebody who has made a context. What is in it belongs to the claimant, and nobody else hears of it. */
export interface Claimant {
  /** The browser as a whole has attached to something new and paused it. `frame` is what it said. Must not throw. */
  attached(params: AttachedParams, frame: Buffer): void;
}

export interface Contexts {
  /** To be called before anything is in the context. */
  claim(browserContextId: string, claimant: Claimant): void;
  /** `isInsecure`: its pages take any certificate. */
  add(browserContextId: string, isInsecure?: boolean): OwnContext;
  /** The context has gone, with all that was in it. */
  remove(browserContextId: string): void;
  /** False when it is in a context that nobody has claimed. */
  attached(params: AttachedParams, frame: Buffer): boolean;
  /** False when it was no session of ours. */
  detached(sessionId: string): boolean;
  get(sessionId: string): Session | undefined;
  /** All that is there at this moment. */
  census(): { readonly contexts: number; readonly sessions: number; readonly listeners: number };
}

interface Held {
  readonly sessions: Map<string, Session>;
  readonly onMain: (session: Session) => void;
  readonly isInsecure: boolean;
}

export function createContexts(calls: Calls): Contexts {
  const claims = new Map<string, Claimant>();
  const contexts = new Map<string, Held>();
  const sessions = new Map<string, Session>();

  const detached = (sessionId: string): boolean => {
    const session = sessions.get(sessionId);
    session?.closed.happen();
    sessions.delete(sessionId);
    for (const { sessions: held } of contexts.values()) held.delete(sessionId);
    calls.abandon(sessionId);
    return session !== undefined;
  };

  const enter = (context: Held, { sessionId, targetInfo: { type } }: AttachedParams): void => {
    const isPage = type === 'page';
    const session = openSession(calls, sessionId, isPage);
    const isMain = context.sessions.size === 0 && isPage;
    const isBeyond = isPage && pagesIn(context) >= PAGES_MAX;
    sessions.set(sessionId, session);
    context.sessions.set(sessionId, session);
    if (isPage) dismissDialogs(session);
    // Holds for its frames and workers too. A pop-up waits for its debugger here, before it loads anything.
    if (isPage && context.isInsecure) mayFail(session.send('Security.setIgnoreCertificateErrors', { ignore: true }));
    if (isMain) {
      context.onMain(session);
      return;
    }
    const begun = session.send('Runtime.runIfWaitingForDebugger');
    // If it were closed while it waits, the command to go on would be lost with it. Its opener waits in the same
    // process.
    mayFail(isBeyond ? begun.then(() => session.send('Page.close')) : begun);
  };

  return {
    claim: (browserContextId, claimant) => void claims.set(browserContextId, claimant),
    add(browserContextId, isInsecure = false) {
      let onMain = (_session: Session): void => {};
      const main = new Promise<Session>((resolve) => (onMain = resolve));
      const held: Held = { sessions: new Map(), onMain, isInsecure };
      contexts.set(browserContextId, held);
      claims.set(browserContextId, { attached: (params) => enter(held, params) });
      return { sessions: held.sessions, main };
    },
    remove(browserContextId) {
      const held = contexts.get(browserContextId);
      contexts.delete(browserContextId);
      claims.delete(browserContextId);
      for (const sessionId of held?.sessions.keys() ?? []) detached(sessionId);
    },
    attached(params, frame) {
      const claimant = claims.get(params.targetInfo.browserContextId ?? '');
      claimant?.attached(params, frame);
      return claimant !== undefined;
    },
    detached,
    get: (sessionId) => sessions.get(sessionId),
    census: () => ({
      contexts: claims.size,
      sessions: sessions.size,
      listeners: [...sessions.values()].reduce((sum, session) => sum + listenersOf(session), 0),
    }),
  };
}

/** Iframes and workers have sessions too, and do not count. */
export function pagesIn({ sessions }: Pick<OwnContext, 'sessions'>): number {
  return [...sessions.values()].filter(({ isPage }) => isPage).length;
}

function openSession(calls: Calls, sessionId: string, isPage: boolean): Session {
  const events = new EventEmitter();
  const crashed = createOnce();
  events.once(CRASHED, crashed.happen);
  return { ...calls.sender(sessionId), on: events.on.bind(events), events, crashed, closed: createOnce(), isPage };
}

/**
 * As Playwright does, because a dialog that nobody answers would hold up the page. Only leaving the page is allowed.
 */
function dismissDialogs(session: Session): void {
  mayFail(session.send('Page.enable'));
  session.on('Page.javascriptDialogOpening', ({ type }) => {
    mayFail(session.send('Page.handleJavaScriptDialog', { accept: type === 'beforeunload' }));
  });
}

/** For a command to a target that may be about to go. */
export function mayFail(call: Promise<unknown>): void {
  call.catch(() => {});
}

function listenersOf({ events, crashed, closed }: Session): number {
  const onEvents = events.eventNames().reduce((sum, name) => sum + events.listenerCount(name), 0);
  return onEvents + crashed.listenerCount() + closed.listenerCount();
}
