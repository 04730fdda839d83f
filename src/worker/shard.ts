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
}

export interface Shard {
  /** Attaches to a browser, in place of the one before. Calls `onLost` once when it goes. */
  attach(endpoint: PipeEndpoint, onLost: () => void): Promise<void>;
  /** A fresh context with a page: one that was ready when the options allow, else a new one. */
  lease(options: BrowserContextOptions | null): Promise<Lease>;
  /** Disposes of it. False when Chromium did not, within the limit. */
  release(lease: Lease): Promise<boolean>;
  contextsOpen(): number;
  pagesOpen(): number;
}

interface Attached {
  readonly browser: Browser;
  readonly lost: Promise<void>;
  readonly ready: Lease[];
  pending: number;
}

export function createShard({ tally, clock, prewarm }: { tally: Tally; clock: Clock; prewarm: number }): Shard {
  let current: Attached | null = null;

  const open = async ({ browser, lost }: Attached, options: BrowserContextOptions | null): Promise<Lease> => {
    const startedAtMs = clock.monotonicMs();
    const context = await browser.newContext({ viewport: DEFAULT_VIEWPORT, acceptDownloads: false, ...options });
    const contextAtMs = clock.monotonicMs();
    tally.phase('context', contextAtMs - startedAtMs);
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    tally.phase('page', clock.monotonicMs() - contextAtMs);
    return { context, page, cdp, lost };
  };

  const refill = (attached: Attached): void => {
    while (attached === current && attached.ready.length + attached.pending < prewarm) {
      attached.pending++;
      open(attached, null).then(
        (lease) => {
          attached.pending--;
          attached.ready.push(lease);
        },
        // A browser that cannot open a page is about to be lost, or will fail the next session, which is told why.
        () => {
          attached.pending--;
        },
      );
    }
  };

  return {
    async attach(endpoint, onLost) {
      current = null;
      const browser = await attachBrowser(endpoint);
      const lost = new Promise<void>((resolve) => {
        browser.on('disconnected', () => resolve());
      });
      const attached: Attached = { browser, lost, ready: [], pending: 0 };
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
      return ready ?? (await open(attached, options));
    },
    async release({ context, lost }) {
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
      return isClosed;
    },
    contextsOpen: () => current?.browser.contexts().length ?? 0,
    pagesOpen: () => current?.browser.contexts().reduce((sum, context) => sum + context.pages().length, 0) ?? 0,
  };
}
