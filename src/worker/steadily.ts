/**
 * Works on a page that may go on to another document at any moment. In: what to do; out: its result, on a document that
 * stayed meanwhile. Worker thread.
 */
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import { limit, waitFor } from '../wait.js';
import type { Navigator } from './cdp/navigator.js';
import { isGone, isOfDocument } from './mistakes.js';

/** How many documents may go before it gives up. */
const DOCUMENTS_MAX = 10;
/** Chromium needs a moment until the next document is in place. */
const RETRY_MS = 20;

export type Followed = Pick<Navigator, 'settle' | 'hasGone' | 'replaced' | 'isLeaving'>;

/**
 * Does `work` on the present document, and again on the next one when that document has gone meanwhile.
 * @throws {ServiceError} STEP_TIMEOUT when no document stays.
 */
export async function steadily<T>(navigator: Followed, clock: Clock, work: () => Promise<T>): Promise<T> {
  for (let count = 1; count <= DOCUMENTS_MAX; count++) {
    await navigator.settle();
    try {
      // A picture of a document that goes meanwhile may never come.
      const ended = await waitFor(
        work().then((done) => ({ done })),
        [navigator.replaced, () => null],
      );
      if (ended && !navigator.hasGone()) return ended.done;
    } catch (error) {
      if (!isOfLeaving(navigator, error)) throw error;
      await waitFor(null, [limit(clock, RETRY_MS), () => {}]);
    }
  }
  throw new ServiceError('STEP_TIMEOUT', `the page went on to another each time, ${DOCUMENTS_MAX} times`);
}

/** Whether an error may be due to the page going on to another document. On that one there may be no error. */
export function isOfLeaving(navigator: Followed, error: unknown): boolean {
  if (isGone(error)) return false;
  return navigator.hasGone() || navigator.isLeaving() || isOfDocument(error);
}
