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
import { type Contexts, CRASHED, createContexts, mayFail } from './contexts.js';
import type { AttachedParams, Frame } from './frame.js';
import { createIncoming } from './incoming.js';
import { isWanted } from './needs.js';
import { idOf, sessionIdOf } from './peek.js';
import type { Pipe } from './transport.js';

/** Or Chromium would go to the machine itself directly. */
export const NOTHING_BYPASSED = '<-loopback>';
/** Of the pages that were ended, the latest: their sessions ask at once. */
const ENDED_MAX = 100;

export interface TabOptions {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** The way out of its context; null: the browser's, which leads nowhere. */
  readonly proxyServer: string | null;
  /** Takes pages whose certificate cannot be trusted. */
  readonly isInsecure?: true;
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
  openTab(options: TabOptions): Promise<Tab>;
  /** How often something has come so far, if only a part of a frame: the browser lives for as long as it does. */
  signCount(): number;
  /** How many whole frames: none for as long as a giant one comes. */
  frameCount(): number;
  /** Why the page with this target was ended from here; null: it was not. */
  whyEnded(targetId: string): string | null;
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
  const pages = createPages();
  const lost = createOnce();
  const crashes = createRecurring();
  let signCount = 0;
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
      pages.add(attached);
      return contexts.attached(attached);
    }
    if (method !== 'Target.detachedFromTarget') return false;
    const { sessionId }: { sessionId: string } = params ?? unreachable();
    pages.delete(sessionId);
    incoming.forget(sessionId);
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

  /** A page that tells more than can be taken ends with its context, and nobody else does. */
  const endPage = (sessionId: string, why: string): void => {
    const browserContextId = pages.end(sessionId, why);
    // To be closed alone, a page would have to come to an end of what it does.
    if (browserContextId) mayFail(cdp.send('Target.disposeBrowserContext', { browserContextId }));
  };

  const transport: ConnectOverCDPTransport = { send: (message) => pipe.send(message), close: () => pipe.close() };
  const incoming = createIncoming({
    isWanted: (frame, method, sessionId) => {
      const events = contexts.get(sessionId)?.events;
      return events === undefined || method === CRASHED || isWanted(frame, method, events.listenerCount(method));
    },
    onFrame(frame) {
      if (!lost.hasHappened() && !take(frame)) transport.onmessage?.(frame);
    },
    onTooMuch: endPage,
  });
  // A frame may take many chunks and seconds, in which the browser lives.
  pipe.onchunk = () => {
    signCount++;
  };
  pipe.onframe = (frame) => {
    frameCount++;
    incoming.add(frame);
  };
  pipe.ongiant = (ends) => {
    const sessionId = sessionIdOf(ends);
    // Whoever has asked for it is told; a page that tells it unasked ends.
    if (!calls.refuse(idOf(ends), 'the answer is larger than can be taken') && sessionId)
      endPage(sessionId, 'the page told something larger than can be taken');
  };
  pipe.onclose = () => {
    // First, so that whoever asks why a call failed knows.
    lost.happen();
    calls.end();
    transport.onclose?.();
  };

  const census = (): ConnectionCensus => {
    const own = contexts.census();
    const listeners = own.listeners + lost.listenerCount() + crashes.listenerCount();
    return { ...own, listeners, calls: calls.size, pages: pages.size() };
  };

  return {
    transport,
    cdp,
    lost,
    crashes,
    signCount: () => signCount,
    frameCount: () => frameCount,
    whyEnded: pages.whyEnded,
    census,
    openTab: (options) => openTab(options, { cdp, contexts, pages, lost }),
  };
}

interface TabParts {
  readonly cdp: Sender;
  readonly contexts: Contexts;
  readonly pages: ReturnType<typeof createPages>;
  readonly lost: End;
}

/** A context of its own, and a page in it. */
async function openTab(options: TabOptions, { cdp, contexts, pages, lost }: TabParts): Promise<Tab> {
  const { isInsecure, proxyServer, ...size } = options;
  const way = proxyServer === null ? {} : { proxyServer, proxyBypassList: NOTHING_BYPASSED };
  const { browserContextId } = await cdp.send('Target.createBrowserContext', way);
  const context = contexts.add(browserContextId, isInsecure);
  const close = async (): Promise<void> => {
    await cdp.send('Target.disposeBrowserContext', { browserContextId });
    for (const sessionId of context.sessions.keys()) pages.delete(sessionId);
    contexts.remove(browserContextId);
  };
  try {
    mayFail(cdp.send('Browser.setDownloadBehavior', { behavior: 'deny', browserContextId }));
    await cdp.send('Target.createTarget', { url: 'about:blank', browserContextId, ...size });
    const session = await waitFor(context.main, [lost, closed]);
    const pageCount = (): number => [...context.sessions.values()].filter(({ isPage }) => isPage).length;
    return { cdp: session, crashed: session.crashed, closed: session.closed, pageCount, close };
  } catch (error) {
    // A context without a page is nobody's, and would stay for as long as the browser.
    await close().catch(() => {});
    throw error;
  }
}

/** Sessions with a page that lives, ours and Playwright's: one a page, since a second one is not told of up here. */
function createPages() {
  const pages = new Map<string, AttachedParams['targetInfo']>();
  const ended = new Map<string, string>();
  return {
    add({ sessionId, targetInfo }: AttachedParams): void {
      if (targetInfo.type === 'page') pages.set(sessionId, targetInfo);
    },
    delete: (sessionId: string) => pages.delete(sessionId),
    /** All pages of its context are to be ended, for this reason. Gives the context; undefined: there is none. */
    end(sessionId: string, why: string): string | undefined {
      const contextId = pages.get(sessionId)?.browserContextId;
      if (contextId === undefined) return undefined;
      for (const { browserContextId, targetId } of pages.values()) {
        if (browserContextId === contextId) ended.set(targetId, why);
      }
      for (const targetId of ended.keys()) if (ended.size > ENDED_MAX) ended.delete(targetId);
      return contextId;
    },
    whyEnded: (targetId: string) => ended.get(targetId) ?? null,
    size: () => pages.size,
  };
}

function closed(): never {
  throw new Error(CLOSED);
}

function unreachable(): never {
  throw new Error('Chromium sent a frame without what it is about');
}
