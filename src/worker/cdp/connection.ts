/**
 * One pipe to Chromium, two who talk over it: Playwright, and tabs of our own for the sessions that need nothing that
 * Playwright adds (src/README.md, decision 20). In: frames from the pipe, each for one of the two; out: Playwright's
 * transport, and `openTab`. Runs in a worker thread.
 *
 * Playwright has told Chromium to attach it to everything new, paused. What is new in a context of ours comes here
 * instead: the session made for Playwright is the tab's session.
 */
import { EventEmitter } from 'node:events';
import type { CDPSession, ConnectOverCDPTransport } from 'playwright-core';
import { createOnce, createRecurring, type End, type Once, waitFor } from '../../wait.js';
import type { Cdp } from './cdp.js';
import type { Pipe } from './transport.js';

/** Ids of Playwright's commands count from 1, ours from here; Chromium takes 31 bits. */
const OWN_IDS_FROM = 1_000_000_000;
const CRASHED = 'Inspector.targetCrashed';
/** As Playwright says it of its own calls. */
const CLOSED = 'Target closed';

type Method = Parameters<CDPSession['send']>[0];

export interface Tab {
  readonly cdp: Cdp;
  /** The renderer has died. */
  readonly crashed: End;
  /** The page is closed: by itself, or with its context. */
  readonly closed: End;
  /** Pages in its context: itself, and what it has opened. */
  pageCount(): number;
  /** Resolves when Chromium has disposed of the context. */
  close(): Promise<void>;
}

export interface Connection {
  readonly transport: ConnectOverCDPTransport;
  /** Of the browser as a whole. */
  readonly cdp: Pick<Cdp, 'send'>;
  /** The pipe has ended, and the browser with it. */
  readonly lost: Once;
  /** The renderer of some page of Playwright's has died. */
  readonly crashes: End;
  /** A page of its own in a context of its own, not begun yet: `Runtime.runIfWaitingForDebugger` lets it go. */
  openTab(size: { readonly width: number; readonly height: number }): Promise<Tab>;
  /** Frames that have come from the browser so far: it lives for as long as they do. */
  frameCount(): number;
  census(): ConnectionCensus;
}

/** What a connection holds at this moment; at rest only what is kept ready. */
export interface ConnectionCensus {
  readonly calls: number;
  readonly contexts: number;
  readonly sessions: number;
  readonly pages: number;
  /** On the sessions with pages, on the loss of the browser, and on crashes. */
  readonly listeners: number;
}

/** What a frame may hold. `never`: whoever waits for it knows what it is, and takes it as that. */
interface Frame {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: never;
  readonly result?: never;
  readonly error?: { readonly message: string };
}

interface Attached {
  readonly sessionId: string;
  readonly targetInfo: { readonly type: string; readonly browserContextId?: string };
}

interface Call {
  readonly sessionId: string | undefined;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** A context of ours, and who is in it. */
interface Own {
  readonly sessions: Map<string, Session>;
  main: (session: Session) => void;
}

interface Session extends Cdp {
  readonly events: EventEmitter;
  /** Listened for from the start: a page may die before anybody has been told that it is there. */
  readonly crashed: Once;
  readonly closed: Once;
  readonly isPage: boolean;
}

/** `onPageCrash` is called once for each page whose renderer died, ours or Playwright's. */
export function openConnection(pipe: Pipe, onPageCrash: () => void): Connection {
  const calls = new Map<number, Call>();
  const contexts = new Map<string, Own>();
  const sessions = new Map<string, Session>();
  /** Sessions with a page that lives, ours and Playwright's: one a page, since a second one is not told of up here. */
  const pages = new Set<string>();
  const lost = createOnce();
  const crashes = createRecurring();
  let lastId = OWN_IDS_FROM;
  let frameCount = 0;

  const sender = (sessionId?: string): Pick<Cdp, 'send'> => ({
    send: (method: Method, params: object = {}) =>
      new Promise((resolve, reject) => {
        // Nobody would answer it.
        if (lost.hasHappened()) throw new Error(CLOSED);
        const id = ++lastId;
        calls.set(id, { sessionId, resolve, reject });
        pipe.send({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) });
      }),
  });
  const cdp = sender();

  const attached = ({ sessionId, targetInfo }: Attached, own: Own): void => {
    const events = new EventEmitter();
    const isPage = targetInfo.type === 'page';
    const crashed = createOnce();
    events.once(CRASHED, crashed.happen);
    const closed = createOnce();
    const session: Session = { ...sender(sessionId), on: events.on.bind(events), events, crashed, closed, isPage };
    sessions.set(sessionId, session);
    const isMain = own.sessions.size === 0 && isPage;
    own.sessions.set(sessionId, session);
    if (isPage) dismissDialogs(session);
    if (isMain) own.main(session);
    else mayFail(session.send('Runtime.runIfWaitingForDebugger'));
  };

  const detached = (sessionId: string): void => {
    sessions.get(sessionId)?.closed.happen();
    sessions.delete(sessionId);
    pages.delete(sessionId);
    for (const { sessions: held } of contexts.values()) held.delete(sessionId);
    for (const [id, call] of calls) if (call.sessionId === sessionId) fail(id, call);
  };

  const fail = (id: number, { reject }: Call): void => {
    calls.delete(id);
    reject(new Error(CLOSED));
  };

  const crashed = (sessionId: string): void => {
    if (!pages.delete(sessionId)) return;
    onPageCrash();
    if (!sessions.has(sessionId)) crashes.happen();
  };

  /** True when the frame was for us. */
  const take = (frame: Frame): boolean => {
    if (frame.id !== undefined) return frame.id >= OWN_IDS_FROM && answer(calls, frame);
    const session = frame.sessionId === undefined ? undefined : sessions.get(frame.sessionId);
    if (session) session.events.emit(frame.method ?? '', frame.params);
    if (frame.method === CRASHED) crashed(frame.sessionId ?? '');
    if (session || frame.sessionId !== undefined) return session !== undefined;
    if (frame.method === 'Target.attachedToTarget') {
      const params: Attached = frame.params ?? unreachable();
      const { type, browserContextId = '' } = params.targetInfo;
      if (type === 'page') pages.add(params.sessionId);
      const own = contexts.get(browserContextId);
      if (own) attached(params, own);
      return own !== undefined;
    }
    if (frame.method !== 'Target.detachedFromTarget') return false;
    const { sessionId }: { sessionId: string } = frame.params ?? unreachable();
    const isOwn = sessions.has(sessionId);
    detached(sessionId);
    return isOwn;
  };

  const transport: ConnectOverCDPTransport = { send: (message) => pipe.send(message), close: () => pipe.close() };
  pipe.onframe = (text) => {
    frameCount++;
    const frame: Frame = JSON.parse(text);
    if (!take(frame)) transport.onmessage?.(frame);
  };
  pipe.onclose = () => {
    // First, so that whoever asks why a call failed knows.
    lost.happen();
    for (const [id, call] of calls) fail(id, call);
    transport.onclose?.();
  };

  return {
    transport,
    cdp,
    lost,
    crashes,
    frameCount: () => frameCount,
    census: () => ({
      calls: calls.size,
      contexts: contexts.size,
      sessions: sessions.size,
      pages: pages.size,
      listeners:
        lost.listenerCount() +
        crashes.listenerCount() +
        [...sessions.values()].reduce(
          (sum, { events, crashed, closed }) =>
            sum + listenersOf(events) + crashed.listenerCount() + closed.listenerCount(),
          0,
        ),
    }),
    async openTab(size) {
      const { browserContextId } = await cdp.send('Target.createBrowserContext');
      const own: Own = { sessions: new Map(), main: () => {} };
      contexts.set(browserContextId, own);
      const close = async (): Promise<void> => {
        await cdp.send('Target.disposeBrowserContext', { browserContextId });
        contexts.delete(browserContextId);
        for (const sessionId of own.sessions.keys()) detached(sessionId);
      };
      try {
        const main = new Promise<Session>((resolve) => (own.main = resolve));
        mayFail(cdp.send('Browser.setDownloadBehavior', { behavior: 'deny', browserContextId }));
        await cdp.send('Target.createTarget', { url: 'about:blank', browserContextId, ...size });
        const session = await waitFor(main, [lost, closed]);
        return {
          cdp: session,
          crashed: session.crashed,
          closed: session.closed,
          pageCount: () => [...own.sessions.values()].filter(({ isPage }) => isPage).length,
          close,
        };
      } catch (error) {
        // A context without a page is nobody's, and would stay for as long as the browser.
        await close().catch(() => {});
        throw error;
      }
    },
  };
}

function closed(): never {
  throw new Error(CLOSED);
}

function listenersOf(events: EventEmitter): number {
  return events.eventNames().reduce((sum, name) => sum + events.listenerCount(name), 0);
}

function answer(calls: Map<number, Call>, { id = 0, result, error }: Frame): true {
  const call = calls.get(id);
  calls.delete(id);
  if (error) call?.reject(new Error(error.message));
  else call?.resolve(result ?? unreachable());
  return true;
}

/** As Playwright does: a dialog that nobody answers would hold up the page; only leaving it is allowed. */
function dismissDialogs(session: Session): void {
  mayFail(session.send('Page.enable'));
  session.on('Page.javascriptDialogOpening', ({ type }) => {
    mayFail(session.send('Page.handleJavaScriptDialog', { accept: type === 'beforeunload' }));
  });
}

/** What is asked of a target that may just be going. */
function mayFail(call: Promise<unknown>): void {
  call.catch(() => {});
}

function unreachable(): never {
  throw new Error('Chromium sent a frame without what it is about');
}
