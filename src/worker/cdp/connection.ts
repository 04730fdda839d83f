/**
 * One pipe to Chromium, two who talk over it: Playwright, and tabs of our own for the sessions that need nothing that
 * Playwright adds (src/README.md, decision 20). In: frames from the pipe, each for one of the two; out: Playwright's
 * transport, and `openTab`. Runs in a worker thread.
 *
 * Playwright has told Chromium to attach it to everything new, paused. What is new in a context of ours comes here
 * instead: the session made for Playwright is the tab's session.
 */
import type { ConnectOverCDPTransport } from 'playwright-core';
import { createOnce, createRecurring, type End, type Once, waitFor } from '../../wait.js';
import { CLOSED, createCalls, type Sender } from './calls.js';
import type { Cdp } from './cdp.js';
import { CRASHED, createContexts, mayFail, pagesIn } from './contexts.js';
import type { AttachedParams, Frame } from './frame.js';
import type { Pipe } from './transport.js';

/** CSS pixels. */
export interface TabSize {
  readonly width: number;
  readonly height: number;
}

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
  readonly cdp: Sender;
  /** The pipe has ended, and the browser with it. */
  readonly lost: Once;
  /** The renderer of some page of Playwright's has died. */
  readonly crashes: End;
  /** A page of its own in a context of its own, not begun yet: `Runtime.runIfWaitingForDebugger` lets it go. */
  openTab(size: TabSize): Promise<Tab>;
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

/** `onPageCrash` is called once for each page whose renderer died, ours or Playwright's. */
export function openConnection(pipe: Pipe, onPageCrash: () => void): Connection {
  const calls = createCalls((message) => pipe.send(message));
  const contexts = createContexts(calls);
  const cdp = calls.sender();
  /** Sessions with a page that lives, ours and Playwright's: one a page, since a second one is not told of up here. */
  const pages = new Set<string>();
  const lost = createOnce();
  const crashes = createRecurring();
  let frameCount = 0;

  const crashed = (sessionId: string): void => {
    if (!pages.delete(sessionId)) return;
    onPageCrash();
    if (!contexts.get(sessionId)) crashes.happen();
  };

  /** What the browser as a whole tells. True when it was for us. */
  const takeRoot = ({ method, params }: Frame): boolean => {
    if (method === 'Target.attachedToTarget') {
      const attached: AttachedParams = params ?? unreachable();
      if (attached.targetInfo.type === 'page') pages.add(attached.sessionId);
      return contexts.attached(attached);
    }
    if (method !== 'Target.detachedFromTarget') return false;
    const { sessionId }: { sessionId: string } = params ?? unreachable();
    pages.delete(sessionId);
    return contexts.detached(sessionId);
  };

  /** True when the frame was for us. */
  const take = (frame: Frame): boolean => {
    if (frame.id !== undefined) return calls.answer(frame);
    if (frame.sessionId === undefined) return takeRoot(frame);
    const session = contexts.get(frame.sessionId);
    session?.events.emit(frame.method ?? '', frame.params);
    if (frame.method === CRASHED) crashed(frame.sessionId);
    return session !== undefined;
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
    calls.end();
    transport.onclose?.();
  };

  const openTab = async (size: TabSize): Promise<Tab> => {
    const { browserContextId } = await cdp.send('Target.createBrowserContext');
    const context = contexts.add(browserContextId);
    const close = async (): Promise<void> => {
      await cdp.send('Target.disposeBrowserContext', { browserContextId });
      for (const sessionId of context.sessions.keys()) pages.delete(sessionId);
      contexts.remove(browserContextId);
    };
    try {
      mayFail(cdp.send('Browser.setDownloadBehavior', { behavior: 'deny', browserContextId }));
      await cdp.send('Target.createTarget', { url: 'about:blank', browserContextId, ...size });
      const session = await waitFor(context.main, [lost, closed]);
      const pageCount = (): number => pagesIn(context);
      return { cdp: session, crashed: session.crashed, closed: session.closed, pageCount, close };
    } catch (error) {
      // A context without a page is nobody's, and would stay for as long as the browser.
      await close().catch(() => {});
      throw error;
    }
  };

  const census = (): ConnectionCensus => {
    const own = contexts.census();
    const listeners = own.listeners + lost.listenerCount() + crashes.listenerCount();
    return { ...own, listeners, calls: calls.size, pages: pages.size };
  };

  return { transport, cdp, lost, crashes, frameCount: () => frameCount, census, openTab };
}

function closed(): never {
  throw new Error(CLOSED);
}

function unreachable(): never {
  throw new Error('Chromium sent a frame without what it is about');
}
