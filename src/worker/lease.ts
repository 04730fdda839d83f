/**
 * A context with a page for one session, in two makes: plain, over our own connection, for what CDP does by itself; and
 * Playwright's, with all that Playwright can do. Both have the same CDP and the same way to navigate. Worker thread.
 */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import type { Cdp, Connection } from './connection.js';
import { type Navigator, openNavigator } from './navigator.js';

/** As browserless and Puppeteer have it, so that a client that names no viewport gets the picture it knows. */
export const DEFAULT_VIEWPORT = { width: 800, height: 600 };

export interface Lease {
  readonly cdp: Cdp;
  readonly navigator: Navigator;
  /** Null in a plain one. */
  readonly playwright: { readonly context: BrowserContext; readonly page: Page } | null;
  /** Resolves when the renderer has died; never rejects. */
  readonly crashed: Promise<void>;
  /** Resolves when the browser is gone; never rejects. */
  readonly lost: Promise<void>;
  pageCount(): number;
  close(): Promise<void>;
}

export interface Opened {
  readonly lease: Lease;
  readonly contextMs: number;
  readonly pageMs: number;
}

interface Made {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly lost: Promise<void>;
}

/** @throws {ServiceError} `PAGE_CRASHED` when the renderer dies meanwhile, as of the other make. */
export async function openPlain({ connection, clock, lost }: Made): Promise<Opened> {
  const startedAtMs = clock.monotonicMs();
  const tab = await connection.openTab(DEFAULT_VIEWPORT);
  const contextAtMs = clock.monotonicMs();
  try {
    const { cdp, crashed, pageCount, close } = tab;
    // A page that nobody looks at would believe itself in the background.
    const focused = cdp.send('Emulation.setFocusEmulationEnabled', { enabled: true });
    const [navigator] = await unless(crashed, Promise.all([openNavigator(cdp, clock), focused]));
    return {
      lease: { cdp, navigator, playwright: null, crashed, lost, pageCount, close },
      contextMs: contextAtMs - startedAtMs,
      pageMs: clock.monotonicMs() - contextAtMs,
    };
  } catch (error) {
    // A context without a page is nobody's, and would stay for as long as the browser.
    await tab.close().catch(() => {});
    throw error;
  }
}

export async function openWithPlaywright({
  browser,
  connection,
  clock,
  lost,
  options,
}: Made & { readonly browser: Browser; readonly options: BrowserContextOptions | null }): Promise<Opened> {
  const startedAtMs = clock.monotonicMs();
  const context = await browser.newContext({ viewport: DEFAULT_VIEWPORT, acceptDownloads: false, ...options });
  const contextAtMs = clock.monotonicMs();
  // Playwright waits for ever for a page that dies while it is made, and which it was nobody can tell.
  const died = connection.nextCrash();
  try {
    const page = await unless(died, context.newPage());
    const crashed = new Promise<void>((resolve) => page.once('crash', () => resolve()));
    const cdp = await unless(died, context.newCDPSession(page));
    const navigator = await unless(died, openNavigator(cdp, clock));
    const pageCount = (): number => context.pages().length;
    const close = (): Promise<void> => context.close();
    return {
      lease: { cdp, navigator, playwright: { context, page }, crashed, lost, pageCount, close },
      contextMs: contextAtMs - startedAtMs,
      pageMs: clock.monotonicMs() - contextAtMs,
    };
  } catch (error) {
    await context.close().catch(() => {});
    throw error;
  }
}

/** Some calls to a page never settle once its renderer is dead. */
function unless<T>(crashed: Promise<void>, work: Promise<T>): Promise<T> {
  return Promise.race([
    work,
    crashed.then((): never => {
      throw new ServiceError('PAGE_CRASHED', 'the page crashed before anything was loaded');
    }),
  ]);
}
