/**
 * A real browser for tests of pages: the Chromium that the server itself would find, driven by playwright-core. Each
 * tab notes what must not happen: complaints on its console, errors, and requests to other places.
 */

import { tmpdir } from 'node:os';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { discoverChromium } from '../../src/chromium/discover.js';
import { until } from '../deadline.js';

const WAIT_MS = 20_000;

export interface Tab {
  readonly page: Page;
  /** What went wrong so far, except what `expected` explains. */
  problems(expected?: RegExp): string[];
  close(): Promise<void>;
}

export async function openBrowser(): Promise<Browser> {
  const homeDir = process.env['HOME'] ?? tmpdir();
  const { path, env } = await discoverChromium({
    setting: undefined,
    homeDir,
    cacheDir: `${homeDir}/.cache/headcount`,
    playwrightBrowsersPath: undefined,
    progress: () => {},
  });
  return await chromium.launch({
    executablePath: path,
    chromiumSandbox: process.getuid?.() !== 0,
    env: { PATH: process.env['PATH'] ?? '', HOME: homeDir, ...env },
  });
}

/** A tab of its own session, at `url`. */
export async function openTab(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const seen: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'log') seen.push(`console ${message.type()}: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => seen.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) seen.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return {
    page,
    problems: (expected) => seen.filter((one) => !expected?.test(one)),
    close: () => context.close(),
  };
}

/** Every `<data>` of the page whose id begins with `prefix`: its exact value by the rest of its id. */
export async function figuresOf(page: Page, prefix: string): Promise<Record<string, number>> {
  const script = `Object.fromEntries([...document.querySelectorAll('data[id^="${prefix}"]')].map(
    (one) => [one.id.slice(${prefix.length}), Number(one.value)]))`;
  return await page.evaluate<Record<string, number>>(script);
}

/** What its charts show, read at one moment, because a live view goes on each second. NaN: nothing yet. */
export async function rangeOf(page: Page): Promise<{ fromMs: number; toMs: number; spanMs: number }> {
  const [fromMs = Number.NaN, toMs = Number.NaN] = await page.evaluate<number[]>(
    `(({ fromMs, toMs }) => [Number(fromMs), Number(toMs)])(document.getElementById('range').dataset)`,
  );
  return { fromMs, toMs, spanMs: toMs - fromMs };
}

/** Closes the tab afterwards. */
export async function withTab(tab: Promise<Tab>, use: (page: Page, tab: Tab) => Promise<void>): Promise<void> {
  const opened = await tab;
  try {
    await use(opened.page, opened);
  } finally {
    await opened.close();
  }
}

/** Resolves once the page shows an event that came after this call. */
export async function nextEvent(page: Page): Promise<void> {
  const asOf = page.locator('#as-of');
  for (let i = 0; i < 2; i++) {
    const before = await asOf.textContent();
    await until(async () => (await asOf.textContent()) !== before, WAIT_MS, 'the next event');
  }
}
