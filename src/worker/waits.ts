/**
 * The waits of a page job: selector, function, event, time, and browserless v1's `waitFor`, which is one of them by
 * its type. With `bestAttempt` a wait that gives up does not end the session. Worker thread.
 */
import type { Page } from 'playwright-core';
import { ServiceError } from '../failures.js';
import type { PageBody } from '../protocol/jobs/page-body.js';
import { isTimeout } from './browser.js';
import { apply, runInPage, select } from './mistakes.js';

/** As Puppeteer has it; the session's own limit may come first. */
const WAIT_LIMIT_MS = 30_000;

/** The source of a function: `() => …`, `x => …`, `async function …`. */
const FUNCTION = /^\s*(async\s+)?(function\b|\([^)]*\)\s*=>|[\w$]+\s*=>)/;

type Selector = NonNullable<PageBody['waitForSelector']>;
type Fn = NonNullable<PageBody['waitForFunction']>;

export async function runWaits(page: Page, body: PageBody): Promise<void> {
  const waits: (() => Promise<unknown>)[] = [];
  const { waitForTimeout, waitForFunction, waitForSelector, waitForEvent, waitFor } = body;
  if (waitForTimeout !== undefined) waits.push(() => page.waitForTimeout(waitForTimeout));
  if (waitForFunction) waits.push(() => forFunction(page, 'waitForFunction', waitForFunction));
  if (waitForSelector) waits.push(() => forSelector(page, 'waitForSelector', waitForSelector));
  if (waitForEvent) waits.push(() => forEvent(page, waitForEvent.event, waitForEvent.timeout));
  if (waitFor !== undefined) waits.push(() => forAnything(page, waitFor));
  for (const wait of waits) {
    try {
      await wait();
    } catch (error) {
      if (!(body.bestAttempt && isTimeout(error))) throw error;
    }
  }
}

async function forSelector(page: Page, key: string, { selector, visible, hidden, timeout }: Selector): Promise<void> {
  const state = hidden ? 'hidden' : visible ? 'visible' : 'attached';
  const options = { state, timeout: timeout ?? WAIT_LIMIT_MS } as const;
  await select(key, () => page.waitForSelector(selector, options));
}

async function forFunction(page: Page, key: string, { fn, polling, timeout }: Fn): Promise<void> {
  // Playwright knows no mutation observer; looking at each frame sees every mutation that can be seen.
  const every = typeof polling === 'number' ? polling : 'raf';
  // As text, Playwright takes an expression, to which a function is just something true.
  const expression = FUNCTION.test(fn) ? `(${fn})()` : fn;
  const options = { polling: every, timeout: timeout ?? WAIT_LIMIT_MS } as const;
  try {
    await runInPage(key, () => page.waitForFunction(expression, undefined, options));
  } catch (error) {
    // A function may throw a SyntaxError of its own, at JSON for one: only what cannot even be read is a bad request.
    if (error instanceof ServiceError) await apply(key, () => page.evaluate(`void (() => (${expression}\n))`));
    throw error;
  }
}

/** Waits for a DOM event on the document; one that came before this wait is not seen. */
async function forEvent(page: Page, event: string, timeout: number | undefined): Promise<void> {
  const flag = `__event_${Math.random().toString(36).slice(2)}`;
  await page.evaluate(`document.addEventListener(${JSON.stringify(event)}, () => { window.${flag} = true; })`);
  await page.waitForFunction(`window.${flag} === true`, undefined, { timeout: timeout ?? WAIT_LIMIT_MS });
}

async function forAnything(page: Page, waitFor: NonNullable<PageBody['waitFor']>): Promise<void> {
  if (typeof waitFor === 'number') await page.waitForTimeout(waitFor);
  else if (typeof waitFor === 'object' && 'fn' in waitFor) await forFunction(page, 'waitFor', waitFor);
  else if (typeof waitFor === 'object') await forSelector(page, 'waitFor', waitFor);
  else if (FUNCTION.test(waitFor)) await forFunction(page, 'waitFor', { fn: waitFor });
  else await forSelector(page, 'waitFor', { selector: waitFor });
}
