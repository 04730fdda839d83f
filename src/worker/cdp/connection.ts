/**
 * One pipe to Chromium, on which three talk: Playwright; tabs of our own, for sessions that need nothing of Playwright
 * (src/README.md, decision 20); and clients through their broker. In: frames from the pipe, each for one of them; out:
 * Playwright's transport, `openTab`, and `raw`. Runs in a worker thread.
 *
 * Chromium attaches us to everything new, and holds it paused. What is new in a claimed context goes to its claimant.
 * The rest goes to Playwright, once that is attached; it wants the same.
 */
import type { ConnectOverCDPTransport } from 'playwright-core';
import { createOnce, createRecurring, type End, type Once, waitFor } from '../../wait.js';
import { type Calls, CLOSED, createCalls, type Sender } from './calls.js';
import type { Cdp } from './cdp.js';
import { type Claimant, type Contexts, CRASHED, createContexts, mayFail } from './contexts.js';
import type { AttachedParams, Frame } from './frame.js';
import { createIncoming } from './incoming.js';
import { isWanted } from './needs.js';
import { idOf, methodOf, sessionIdOf } from './peek.js';
import { createRaw, type Raw } from './raw.js';
import type { Pipe } from './transport.js';

/** Without this, Chromium would reach the machine itself without the proxy. */
export const NOTHING_BYPASSED = '<-loopback>';
/** Only the latest of the pages that were ended are kept, because their sessions ask at once. */
const ENDED_MAX = 100;

export interface TabOptions {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** The way out of its context; null: the browser's own, which leads nowhere. */
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
  /** How many pages its context has: this one and those that it has opened. */
  pageCount(): number;
  /** Resolves when Chromium has disposed of the context. */
  close(): Promise<void>;
}

export interface Connection {
  /** For Playwright, whenever it is attached. */
  readonly transport: ConnectOverCDPTransport;
  /** Of the browser as a whole. */
  readonly cdp: Sender;
  /** For those who read and write frames as they are. */
  readonly raw: RawAccess;
  /** The pipe has ended, and the browser with it. */
  readonly lost: Once;
  /** The renderer of a page of Playwright's has died. */
  readonly crashes: End;
  /** A page in a context of its own. It does not begin before `Runtime.runIfWaitingForDebugger`. */
  openTab(options: TabOptions): Promise<Tab>;
  /** How often something has come so far, perhaps only a part of a frame. As long as it grows, the browser lives. */
  signCount(): number;
  /** How many whole frames have come. It does not grow while a giant frame comes. */
  frameCount(): number;
  /** Why the page with this target was ended from here; null: it was not. */
  whyEnded(targetId: string): string | null;
  census(): ConnectionCensus;
}

export interface RawAccess extends Pick<Raw, 'listen' | 'ignore' | 'detached'> {
  /** An empty context, of which only the claimant hears. Returns its id. */
  openContext(proxyServer: string, claimant: Claimant): Promise<string>;
  /** Resolves when Chromium has disposed of it. */
  closeContext(browserContextId: string): Promise<void>;
  /** For our own commands to a session on which somebody listens. */
  sender(sessionId: string): Sender;
  write(json: string): void;
  /** How much Chromium has not read yet. Each time that `drained` happens, it has read all. */
  backlogBytes(): number;
  readonly drained: End;
  /** True while somebody reads all that their pages tell. */
  keepAll(isNeeded: boolean): void;
}

/** What a connection holds at this moment. At rest this is only what is kept ready. */
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
  const raw = createRaw(calls);
  const cdp = calls.sender();
  const pages = createPages();
  const lost = createOnce();
  const crashes = createRecurring();
  const seen = { signs: 0, frames: 0 };

  const crashed = (sessionId: string): void => {
    if (!pages.delete(sessionId)) return;
    onPageCrash();
    if (!contexts.get(sessionId)) crashes.happen();
  };

  /** Takes what the browser as a whole tells. True when it was for the claimant of a context. */
  const takeRoot = (frame: Buffer): boolean => {
    const method = methodOf(frame);
    if (method === 'Target.attachedToTarget') {
      const { params }: { params: AttachedParams } = JSON.parse(frame.toString('utf8'));
      pages.add(params);
      return contexts.attached(params, frame);
    }
    if (method !== 'Target.detachedFromTarget') return false;
    const { sessionId }: { sessionId: string } = JSON.parse(frame.toString('utf8')).params;
    pages.delete(sessionId);
    incoming.forget(sessionId);
    return raw.detached(sessionId, frame) || contexts.detached(sessionId);
  };

  /** True when the frame was for us. */
  const take = (frame: Frame): boolean => {
    if (frame.id !== undefined) return calls.answer(frame);
    if (frame.sessionId === undefined) return false;
    const session = contexts.get(frame.sessionId);
    session?.events.emit(frame.method ?? '', frame.params);
    if (frame.method === CRASHED) crashed(frame.sessionId);
    return session !== undefined;
  };

  /** A page that tells more than can be taken ends with its context, and nobody else does. */
  const endPage = (sessionId: string, why: string): void => {
    const browserContextId = pages.end(sessionId, why);
    // Closing the page alone does not help, because it would first have to finish what it does.
    if (browserContextId) mayFail(cdp.send('Target.disposeBrowserContext', { browserContextId }));
  };

  const transport: ConnectOverCDPTransport = { send: (message) => pipe.send(message), close: () => pipe.close() };
  const incoming = createIncoming({
    take: (frame, sessionId) => (sessionId === undefined ? takeRoot(frame) : raw.take(frame, sessionId)),
    isWanted: (frame, method, sessionId) => {
      const events = contexts.get(sessionId)?.events;
      return events === undefined || method === CRASHED || isWanted(frame, method, events.listenerCount(method));
    },
    onFrame(frame) {
      if (!lost.hasHappened() && !take(frame)) transport.onmessage?.(frame);
    },
    onTooMuch: endPage,
  });
  // A frame may take many chunks and seconds, and each of them shows that the browser lives.
  pipe.onchunk = () => void seen.signs++;
  pipe.onframe = (frame) => {
    seen.frames++;
    incoming.add(frame);
  };
  pipe.ongiant = (ends) => {
    if (raw.giant(ends)) return;
    const sessionId = sessionIdOf(ends);
    // Whoever asked for it gets an error. A page that sends it unasked is ended.
    if (!calls.refuse(idOf(ends), 'the answer is larger than can be taken') && sessionId)
      endPage(sessionId, 'the page told something larger than can be taken');
  };
  pipe.onclose = () => {
    // First, so that those who ask why their call failed find the reason.
    lost.happen();
    calls.end();
    transport.onclose?.();
  };

  const census = (): ConnectionCensus => {
    const { listeners, ...own } = contexts.census();
    const counts = { calls: calls.size, pages: pages.size(), sessions: own.sessions + raw.size() };
    return { ...own, ...counts, listeners: listeners + lost.listenerCount() + crashes.listenerCount() };
  };

  return {
    transport,
    cdp,
    raw: rawAccess({ pipe, calls, contexts, raw }),
    lost,
    crashes,
    signCount: () => seen.signs,
    frameCount: () => seen.frames,
    whyEnded: pages.whyEnded,
    census,
    openTab: (options) => openTab(options, { cdp, contexts, pages, lost }),
  };
}

interface RawParts {
  readonly pipe: Pipe;
  readonly calls: Calls;
  readonly contexts: Contexts;
  readonly raw: Raw;
}

function rawAccess({ pipe, calls, contexts, raw }: RawParts): RawAccess {
  const cdp = calls.sender();
  const drained = createRecurring();
  pipe.ondrain = drained.happen;
  return {
    listen: raw.listen,
    ignore: raw.ignore,
    detached: raw.detached,
    async openContext(proxyServer, claimant) {
      const browserContextId = await makeContext(cdp, proxyServer);
      contexts.claim(browserContextId, claimant);
      return browserContextId;
    },
    async closeContext(browserContextId) {
      await cdp.send('Target.disposeBrowserContext', { browserContextId });
      contexts.remove(browserContextId);
    },
    sender: (sessionId) => calls.sender(sessionId),
    write: (json) => pipe.write(json),
    backlogBytes: () => pipe.backlogBytes(),
    drained,
    keepAll(isNeeded) {
      pipe.keepsAll = isNeeded;
    },
  };
}

interface TabParts {
  readonly cdp: Sender;
  readonly contexts: Contexts;
  readonly pages: ReturnType<typeof createPages>;
  readonly lost: End;
}

/** Nothing is in the context yet, and nothing will be downloaded there. */
async function makeContext(cdp: Sender, proxyServer: string | null): Promise<string> {
  const way = proxyServer === null ? {} : { proxyServer, proxyBypassList: NOTHING_BYPASSED };
  const { browserContextId } = await cdp.send('Target.createBrowserContext', way);
  mayFail(cdp.send('Browser.setDownloadBehavior', { behavior: 'deny', browserContextId }));
  return browserContextId;
}

/** A page in a context of its own. */
async function openTab(options: TabOptions, { cdp, contexts, pages, lost }: TabParts): Promise<Tab> {
  const { isInsecure, proxyServer, ...size } = options;
  const browserContextId = await makeContext(cdp, proxyServer);
  const context = contexts.add(browserContextId, isInsecure);
  const close = async (): Promise<void> => {
    await cdp.send('Target.disposeBrowserContext', { browserContextId });
    for (const sessionId of context.sessions.keys()) pages.delete(sessionId);
    contexts.remove(browserContextId);
  };
  try {
    await cdp.send('Target.createTarget', { url: 'about:blank', browserContextId, ...size });
    const session = await waitFor(context.main, [lost, closed]);
    const pageCount = (): number => [...context.sessions.values()].filter(({ isPage }) => isPage).length;
    return { cdp: session, crashed: session.crashed, closed: session.closed, pageCount, close };
  } catch (error) {
    // Nobody would own a context without a page, and it would stay as long as the browser.
    await close().catch(() => {});
    throw error;
  }
}

/** One session for each living page, ours or Playwright's. A second session with the same page is not told of here. */
function createPages() {
  const pages = new Map<string, AttachedParams['targetInfo']>();
  const ended = new Map<string, string>();
  return {
    add({ sessionId, targetInfo }: AttachedParams): void {
      if (targetInfo.type === 'page') pages.set(sessionId, targetInfo);
    },
    delete: (sessionId: string) => pages.delete(sessionId),
    /** Marks all pages of its context as ended for this reason. Returns the context; undefined: there is none. */
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
