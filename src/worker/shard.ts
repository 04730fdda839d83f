/**
 * A shard as its worker sees it: the browser it is attached to, and contexts with a blank page, some kept ready. In:
 * endpoints from main; out: a fresh context for every session. Runs in a worker thread.
 */
import type { Browser, BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright-core';
import type { Clock } from '../clock.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import { attachBrowser } from './browser.js';
import type { Tally } from './tally.js';

/** As browserless and Puppeteer have it, so that a client that names no viewport gets the picture it knows. */
export const DEFAULT_VIEWPORT = { width: 800, height: 600 };
/** A context that Chromium has not disposed of by then never will be; main then ends the browser. */
const CLOSE_LIMIT_MS = 5_000;

export interface Lease {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly cdp: CDPSession;
  /** Resolves when the browser is gone; never rejects. */
  readonly lost: Promise<void>;
  /** Called once, when Chromium has disposed of the context. */
  readonly isGone: () => void;
}

export interface Shard {
  /** Attaches to a browser, in place of the one before. Calls `onLost` once when it goes. */
  attach(endpoint: PipeEndpoint, onLost: () => void): Promise<void>;
  /** A fresh context with a page: one that was ready when the options allow, else a new one. */
  lease(options: BrowserContextOptions | null): Promise<Lease>;
  /** Disposes of it. False when Chromium did not, within the limit. */
  release(lease: Lease): Promise<boolean>;
  /**
   * How many contexts Chromium has that are not ours: neither a session's nor one kept ready, nor one being made or
   * closed at this moment. 0 when the browser does not answer.
   */
  strayContexts(): Promise<number>;
  contextsOpen(): number;
  pagesOpen(): number;
}

interface Attached {
  readonly browser: Browser;
  readonly lost: Promise<void>;
  readonly ready: Lease[];
  /** Being made, to be kept ready. */
  pending: number;
  /** Contexts asked for and not yet gone. */
  owned: number;
  /** For questions about the browser as a whole. */
  readonly cdp: CDPSession;
}

export function createShard({ tally, clock, prewarm }: { tally: Tally; clock: Clock; prewarm: number }): Shard {
  let current: Attached | null = null;

  /** Some calls under way when the browser dies never settle, so none is waited for without looking at that. */
  const open = (attached: Attached, options: BrowserContextOptions | null): Promise<Opened> =>
    Promise.race([
      make(attached, options),
      attached.lost.then((): never => {
        throw new Error('Target closed: the browser is gone');
      }),
    ]);

  const make = async (attached: Attached, options: BrowserContextOptions | null): Promise<Opened> => {
    const startedAtMs = clock.monotonicMs();
    attached.owned++;
    let context: BrowserContext | null = null;
    try {
      context = await attached.browser.newContext({ viewport: DEFAULT_VIEWPORT, acceptDownloads: false, ...options });
      const contextAtMs = clock.monotonicMs();
      const page = await context.newPage();
      const cdp = await context.newCDPSession(page);
      const isGone = (): void => {
        attached.owned--;
      };
      return {
        lease: { context, page, cdp, lost: attached.lost, isGone },
        contextMs: contextAtMs - startedAtMs,
        pageMs: clock.monotonicMs() - contextAtMs,
      };
    } catch (error) {
      // A context without a page is nobody's, and would stay for as long as the browser.
      await context?.close().catch(() => {});
      attached.owned--;
      throw error;
    }
  };

  const refill = (attached: Attached): void => {
    while (attached === current && attached.ready.length + attached.pending < prewarm) {
      attached.pending++;
      open(attached, null)
        .then(({ lease }) => attached.ready.push(lease))
        // A browser that cannot open a page is about to be lost, or will fail the next session, which is told why.
        .catch(() => {})
        .finally(() => attached.pending--);
    }
  };

  return {
    async attach(endpoint, onLost) {
      current = null;
      const browser = await attachBrowser(endpoint);
      const lost = new Promise<void>((resolve) => {
        browser.on('disconnected', () => resolve());
      });
      const cdp = await browser.newBrowserCDPSession();
      const attached: Attached = { browser, lost, ready: [], pending: 0, owned: 0, cdp };
      current = attached;
      void lost.then(() => {
        if (current === attached) current = null;
        onLost();
      });
      refill(attached);
    },
    async lease(options) {
      const attached = current;
      if (!attached) throw new Error('Target closed: the browser is gone');
      const ready = options === null ? attached.ready.shift() : undefined;
      tally.prewarm(ready ? 'hit' : 'miss');
      // Refilled when one is taken and not when its session ends: by then the next session may be waiting for it.
      if (ready) refill(attached);
      const { lease, contextMs, pageMs } = ready
        ? { lease: ready, contextMs: 0, pageMs: 0 }
        : await open(attached, options);
      tally.phase('context', contextMs);
      tally.phase('page', pageMs);
      return lease;
    },
    async release({ context, lost, isGone }) {
      let cancel = (): void => {};
      const limit = new Promise<boolean>((resolve) => {
        cancel = clock.after(CLOSE_LIMIT_MS, () => resolve(false));
      });
      const closed = context.close().then(
        () => true,
        () => true,
      );
      const isClosed = await Promise.race([closed, lost.then(() => true), limit]);
      cancel();
      if (isClosed) isGone();
      return isClosed;
    },
    async strayContexts() {
      const attached = current;
      if (!attached) return 0;
      const before = attached.owned;
      const held = await attached.cdp.send('Target.getBrowserContexts').catch(() => null);
      // Contexts come and go while Chromium is asked: whichever count was higher owned up to them.
      return Math.max(0, (held?.browserContextIds.length ?? 0) - Math.max(before, attached.owned));
    },
    contextsOpen: () => current?.owned ?? 0,
    pagesOpen: () => current?.browser.contexts().reduce((sum, context) => sum + context.pages().length, 0) ?? 0,
  };
}

interface Opened {
  readonly lease: Lease;
  readonly contextMs: number;
  readonly pageMs: number;
}
