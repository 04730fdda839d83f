/**
 * The waits of a page job: selector, function, event, time, and browserless v1's `waitFor`, whose type says which of
 * these it is. With `bestAttempt`, a wait that gives up does not end the session. Waits go on when the page goes on to
 * another. Worker thread.
 */
import type { Page } from 'playwright-core';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import type { PageBody } from '../protocol/jobs/page-body.js';
import { type End, limit, waitFor } from '../wait.js';
import type { Cdp } from './cdp/cdp.js';
import { isTrue, syntaxErrorOf } from './evaluate.js';
import { hasGivenUp, isOfDocument, runInPage, select } from './mistakes.js';
import { type Followed, isOfLeaving, steadily } from './steadily.js';

/** What the waits look at. Playwright does some of it; the rest goes over CDP. */
export interface Waiting {
  readonly page: Page;
  readonly cdp: Cdp;
  readonly navigator: Followed;
  readonly clock: Clock;
  /** For a wait whose client has named no limit. */
  readonly waitLimitMs: () => number;
  /** The page is closed, and nobody waits any more. */
  readonly closed: End;
}

/** How often a page is looked at when the client wants a look at each frame or each mutation. */
const FRAME_MS = 16;

/** What can only be a function and no selector: `() => …`, `x => …`, `async function …`, with comments before it. */
const COMMENTS = /^(\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*\n)+/;
const FUNCTION = /^(async\b\s*)?(function\b|\([\s\S]*=>|[\w$]+\s*=>)/;

/** Ways to read a source, tried in this order: an expression, a block of statements, a method. */
const FORMS: readonly ((source: string) => string)[] = [
  (source) => called(`${source}\n`),
  (source) => `{${source}\n}`,
  (source) => called(`Object.values({${source}\n})[0]`),
];

type Selector = NonNullable<PageBody['waitForSelector']>;
type Fn = NonNullable<PageBody['waitForFunction']>;

export async function runWaits(waiting: Waiting, body: PageBody): Promise<void> {
  const waits: (() => Promise<unknown>)[] = [];
  const { waitForTimeout, waitForFunction, waitForSelector, waitForEvent, waitFor: anything } = body;
  if (waitForTimeout !== undefined) waits.push(() => pause(waiting, waitForTimeout));
  if (waitForFunction) waits.push(() => forFunction(waiting, 'waitForFunction', waitForFunction));
  if (waitForSelector) waits.push(() => forSelector(waiting, 'waitForSelector', waitForSelector));
  if (waitForEvent) waits.push(() => forEvent(waiting, waitForEvent));
  if (anything !== undefined) waits.push(() => forAnything(waiting, anything));
  for (const wait of waits) {
    try {
      await wait();
    } catch (error) {
      if (!(body.bestAttempt && hasGivenUp(error))) throw error;
    }
  }
}

/** A script that runs in each document before the page's own scripts, and notes the event from then on. */
export function listenerFor({ waitForEvent }: PageBody): string | null {
  if (waitForEvent === undefined) return null;
  const name = JSON.stringify(waitForEvent.event);
  // On both, because an event of the document need not bubble up to the window.
  return `for (const place of [window, document]) {
    place.addEventListener(${name}, () => { window[Symbol.for(${heardAs(waitForEvent.event)})] = true; });
  }`;
}

function heardAs(event: string): string {
  return JSON.stringify(`headcount heard ${event}`);
}

function pause({ clock, closed }: Waiting, ms: number): Promise<void> {
  return waitFor<never, void>(null, [limit(clock, ms), () => {}], [closed, gone]);
}

function gone(): never {
  throw new Error('Target closed');
}

async function forSelector({ page, waitLimitMs }: Waiting, key: string, wanted: Selector): Promise<void> {
  const { selector, visible, hidden, timeout: timeoutMs = waitLimitMs() } = wanted;
  const state = hidden ? 'hidden' : visible ? 'visible' : 'attached';
  await select(key, timeoutMs, (timeout) => page.waitForSelector(selector, { state, timeout }));
}

async function forFunction(waiting: Waiting, key: string, { fn, polling, timeout }: Fn): Promise<void> {
  let expression: string | null = null;
  const everyMs = typeof polling === 'number' ? polling : FRAME_MS;
  const look = async (): Promise<boolean> => {
    expression ??= await readFunction(waiting, key, fn);
    const read = expression;
    return await runInPage(key, () => isTrue(waiting.cdp, read));
  };
  await poll(waiting, { key, missing: 'not true', everyMs, timeoutMs: timeout ?? waiting.waitLimitMs(), look });
}

async function forEvent(waiting: Waiting, { event, timeout }: NonNullable<PageBody['waitForEvent']>): Promise<void> {
  const look = (): Promise<boolean> => isTrue(waiting.cdp, `window[Symbol.for(${heardAs(event)})] === true`);
  const timeoutMs = timeout ?? waiting.waitLimitMs();
  await poll(waiting, { key: 'waitForEvent', missing: 'not heard', everyMs: FRAME_MS, timeoutMs, look });
}

async function forAnything(waiting: Waiting, wanted: NonNullable<PageBody['waitFor']>): Promise<void> {
  if (typeof wanted === 'number') await pause(waiting, wanted);
  else if (typeof wanted === 'object' && 'fn' in wanted) await forFunction(waiting, 'waitFor', wanted);
  else if (typeof wanted === 'object') await forSelector(waiting, 'waitFor', wanted);
  else if (FUNCTION.test(wanted.replace(COMMENTS, ''))) await runOnce(waiting, wanted);
  else await forSelector(waiting, 'waitFor', { selector: wanted });
}

/**
 * As browserless v1 does: the result does not matter. A function that sends the page on to another has done its work.
 */
async function runOnce(waiting: Waiting, source: string): Promise<void> {
  const { navigator, clock } = waiting;
  const expression = await steadily(navigator, clock, () => readFunction(waiting, 'waitFor', source));
  try {
    await runInPage('waitFor', () => isTrue(waiting.cdp, expression));
  } catch (error) {
    if (!isOfDocument(error)) throw error;
  }
}

/** @throws {ServiceError} BAD_REQUEST when it cannot be parsed. */
async function readFunction({ cdp }: Waiting, key: string, given: string): Promise<string> {
  const source = given.replace(/[;\s]+$/, '');
  const complaints: string[] = [];
  for (const form of FORMS) {
    const complaint = await syntaxErrorOf(cdp, form(source));
    if (complaint === null) return form(source);
    complaints.push(complaint);
  }
  throw new ServiceError('BAD_REQUEST', `${key}: ${complaints[0]}`);
}

/** The value of an expression; of a function, what it returns. */
function called(expression: string): string {
  return `((given) => typeof given === 'function' ? given() : given)(${expression})`;
}

interface Look {
  readonly key: string;
  /** What is missing when the time is up. */
  readonly missing: string;
  readonly everyMs: number;
  /** 0: no limit. */
  readonly timeoutMs: number;
  readonly look: () => Promise<boolean>;
}

/**
 * Looks again and again from outside. A wait inside the page would go with its document, and would stand still with
 * JavaScript off.
 */
async function poll(waiting: Waiting, { key, missing, everyMs, timeoutMs, look }: Look): Promise<void> {
  const { clock, navigator } = waiting;
  const startedAtMs = clock.monotonicMs();
  const looked = async (): Promise<boolean> => {
    try {
      return await look();
    } catch (error) {
      if (!isOfLeaving(navigator, error)) throw error;
      // Often the document is merely not complete yet.
      await navigator.settle();
      return false;
    }
  };
  for (;;) {
    const leftMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : startedAtMs + timeoutMs - clock.monotonicMs();
    // A page that is busy, or on its way to the next document, does not answer.
    const isUp = limit(clock, Math.max(0, leftMs));
    const isThere = await waitFor(looked(), [isUp, () => false]);
    if (isThere) return;
    if (leftMs <= 0) throw new ServiceError('STEP_TIMEOUT', `${key}: ${missing} after ${timeoutMs} ms`);
    await pause(waiting, Math.min(everyMs, leftMs));
  }
}
