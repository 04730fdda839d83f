/**
 * A context with a page for one session, in two makes. The plain one uses our own connection, for what CDP does by
 * itself. The other is Playwright's, with all that Playwright can do. Both have the same CDP and navigate the same way.
 * Worker thread.
 */
import type { Browser, BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright-core';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import { createOnce, type End, limit, waitFor } from '../wait.js';
import type { Cdp } from './cdp/cdp.js';
import { type Connection, NOTHING_BYPASSED } from './cdp/connection.js';
import { PAGES_MAX } from './cdp/contexts.js';
import { type Navigator, openNavigator } from './cdp/navigator.js';
import type { Exit } from './egress.js';

/** The browser itself answers, at once. This is a bound all the same. */
const ATTACH_LIMIT_MS = 2_000;

/** The default of browserless and Puppeteer, so a client that names no viewport gets the picture that it knows. */
export const DEFAULT_VIEWPORT = { width: 800, height: 600 };

export interface Lease {
  readonly cdp: Cdp;
  /** The context's only way out; null: it has none. */
  readonly exit: Exit | null;
  readonly navigator: Navigator;
  /** Null in a plain context. */
  readonly playwright: { readonly context: BrowserContext; readonly page: Page } | null;
  /** The renderer has died. */
  readonly crashed: End;
  /** The page is closed: by itself, or with its context. */
  readonly closed: End;
  /** Why it was closed from here; null: it was not. */
  whyClosed(): string | null;
  /** The browser is gone. */
  readonly lost: End;
  pageCount(): number;
  close(): Promise<void>;
}

/**
 * What a session needs of its context: nothing special, or that it takes any certificate. Or Playwright's context with
 * these options; null: with any.
 */
export type Need =
  | { readonly kind: 'plain'; readonly isInsecure?: true }
  | { readonly kind: 'playwright'; readonly options: BrowserContextOptions | null };

export interface Opened {
  readonly lease: Lease;
  readonly contextMs: number;
  readonly pageMs: number;
}

/** Where a context is made. */
interface Site {
  readonly playwright: () => Promise<Browser>;
  readonly connection: Connection;
  readonly clock: Clock;
  /** Not given: its pages reach nobody. */
  readonly exit: Exit | null;
}

/**
 * The one place where contexts are made, for all purposes.
 * @throws {ServiceError} `PAGE_CRASHED` when the renderer dies meanwhile.
 */
export function openContext(site: Site, need: Need): Promise<Opened> {
  return need.kind === 'plain' ? openPlain(site, need) : openWithPlaywright(site, need.options);
}

type PlainNeed = Extract<Need, { kind: 'plain' }>;

async function openPlain({ connection, clock, exit }: Site, { isInsecure }: PlainNeed): Promise<Opened> {
  const startedAtMs = clock.monotonicMs();
  const proxyServer = exit?.server ?? null;
  const tab = await connection.openTab({ ...DEFAULT_VIEWPORT, proxyServer, ...(isInsecure ? { isInsecure } : {}) });
  const contextAtMs = clock.monotonicMs();
  try {
    const { cdp, crashed, closed, pageCount, close } = tab;
    // Without this, a page that nobody looks at would take itself for one in the background.
    const focused = cdp.send('Emulation.setFocusEmulationEnabled', { enabled: true });
    const [navigator] = await waitFor(Promise.all([openNavigator(cdp, clock), focused]), [crashed, died]);
    return {
      lease: {
        ...withConnection(connection, navigator),
        cdp,
        exit,
        playwright: null,
        crashed,
        closed,
        pageCount,
        close,
      },
      contextMs: contextAtMs - startedAtMs,
      pageMs: clock.monotonicMs() - contextAtMs,
    };
  } catch (error) {
    // Nobody would own a context without a page, and it would stay as long as the browser.
    await tab.close().catch(() => {});
    throw error;
  }
}

async function openWithPlaywright(
  { playwright, connection, clock, exit }: Site,
  options: BrowserContextOptions | null,
): Promise<Opened> {
  const startedAtMs = clock.monotonicMs();
  const proxy = exit ? { proxy: { server: exit.server, bypass: NOTHING_BYPASSED } } : {};
  const browser = await playwright();
  const context = await browser.newContext({
    viewport: DEFAULT_VIEWPORT,
    acceptDownloads: false,
    ...proxy,
    ...options,
  });
  context.on('page', (page) => {
    if (context.pages().length > PAGES_MAX) page.close().catch(() => {});
  });
  const contextAtMs = clock.monotonicMs();
  let attaching: Promise<unknown> = Promise.resolve();
  let isGivenUp = false;
  const attach = async (page: Page): Promise<CDPSession> => {
    if (isGivenUp) return died();
    const session = context.newCDPSession(page);
    attaching = session.then(nothing, nothing);
    return await session;
  };
  try {
    // Playwright waits for ever for a page that dies while it is made, and nobody can tell which page that was.
    const page = await waitFor(openPage(context, clock, attach), [connection.crashes, died]);
    const pageCount = (): number => context.pages().length;
    const close = (): Promise<void> => context.close();
    return {
      lease: { ...page, ...withConnection(connection, page.navigator), exit, pageCount, close },
      contextMs: contextAtMs - startedAtMs,
      pageMs: clock.monotonicMs() - contextAtMs,
    };
  } catch (error) {
    isGivenUp = true;
    // When a session comes after its context has gone, Playwright throws where nobody can catch it, and the thread
    // would end.
    await waitFor(attaching, [limit(clock, ATTACH_LIMIT_MS), nothing], [connection.lost, nothing]);
    await context.close().catch(() => {});
    throw error;
  }
}

function withConnection({ lost, whyEnded }: Connection, navigator: Navigator) {
  return { navigator, lost, whyClosed: () => whyEnded(navigator.targetId) };
}

async function openPage(context: BrowserContext, clock: Clock, attach: (page: Page) => Promise<CDPSession>) {
  const page = await context.newPage();
  const crashed = createOnce();
  page.once('crash', crashed.happen);
  const closed = createOnce();
  page.once('close', closed.happen);
  const cdp = await attach(page);
  const navigator = await openNavigator(cdp, clock);
  return { playwright: { context, page }, cdp, navigator, crashed, closed };
}

function nothing(): void {}

/** Some calls to a page never settle once its renderer is dead. */
function died(): never {
  throw new ServiceError('PAGE_CRASHED', 'the page crashed before anything was loaded');
}
