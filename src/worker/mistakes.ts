/**
 * Tells errors that clients and pages cause from the browser's own. What could not be applied of a body is a bad
 * request; what code in the page throws belongs to the page. Worker thread.
 */
import { ServiceError } from '../failures.js';
import { isTimeout } from './browser.js';
import { ThrownInPage } from './evaluate.js';

/** Errors that say nothing about what was asked: the page has gone, or went on to another during the call. */
const GONE = /Target (page, context or browser has been closed|crashed|closed)/i;
const OF_DOCUMENT = new RegExp(
  [
    'context was destroyed',
    'Cannot find (default execution )?context',
    'Not attached to an active page',
    'navigated or closed',
    'Frame was detached',
    'frame for given id',
  ].join('|'),
  'i',
);
const UNREADABLE = /is not a valid (selector|XPath)|Unknown engine|while parsing|Unexpected token .* in selector/i;

/** The page has gone, whatever it was asked. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && GONE.test(error.message);
}

/** The document that was asked has gone; perhaps another is there. */
export function isOfDocument(error: unknown): boolean {
  const isOfPage = error instanceof ServiceError || error instanceof ThrownInPage;
  return !isOfPage && OF_DOCUMENT.test(messageOf(error));
}

/** What was waited for has not come in time. */
export function hasGivenUp(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'STEP_TIMEOUT';
}

/** Without Playwright's call log. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\nCall log:')[0]?.trim() ?? '';
}

/** Applies what a key of the body asks for. @throws {ServiceError} BAD_REQUEST that names the key, when that fails. */
export async function apply(key: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isBrowsers(error)) throw error;
    throw new ServiceError('BAD_REQUEST', `${key}: ${firstLine(error)}`, { cause: error });
  }
}

/**
 * Looks for a selector for this long; 0: no limit.
 * @throws {ServiceError} BAD_REQUEST when it is no selector, STEP_TIMEOUT when it is not there in time.
 */
export async function select<T>(key: string, timeoutMs: number, work: (timeoutMs: number) => Promise<T>): Promise<T> {
  try {
    return await work(timeoutMs);
  } catch (error) {
    if (isTimeout(error)) throw new ServiceError('STEP_TIMEOUT', `${key}: not there after ${timeoutMs} ms`);
    if (!UNREADABLE.test(messageOf(error))) throw error;
    throw new ServiceError('BAD_REQUEST', `${key}: ${firstLine(error)}`, { cause: error });
  }
}

/** Runs code in the page. @throws {ServiceError} SESSION_FAILED with what it throws. */
export async function runInPage<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isBrowsers(error)) throw error;
    throw new ServiceError('SESSION_FAILED', `${key}: ${firstLine(error)}`, { cause: error });
  }
}

function isBrowsers(error: unknown): boolean {
  return error instanceof ServiceError || isTimeout(error) || isGone(error) || isOfDocument(error);
}

/** Without the names of calls of Playwright and Chromium, which the client has not made. */
function firstLine(error: unknown): string {
  return (messageOf(error).split('\n')[0] ?? '').replace(/^\w+\.\w+: /, '').replace(/^Protocol error \([^)]*\): /, '');
}
