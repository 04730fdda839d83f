/**
 * What is done with a page that may go on to another at any moment. In: something to do; out: what came of it, on a
 * document that stayed meanwhile. Worker thread.
 */
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import { limit, waitFor } from '../wait.js';
import type { Navigator } from './cdp/navigator.js';
import { isGone, isOfDocument } from './mistakes.js';

/** How many documents may go while it is tried. */
const DOCUMENTS_MAX = 10;
/** Chromium needs a moment to have the next one in place. */
const RETRY_MS = 20;

export type Followed = Pick<Navigator, 'settle' | 'hasGone' | 'replaced' | 'isLeaving'>;

/**
 * Does `work` with the document that is there; again with the next when that one has gone meanwhile.
 * @throws {ServiceError} STEP_TIMEOUT when none stays.
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

/** Whether an error may come of it that the page goes on: with the next document there may be none. */
export function isOfLeaving(navigator: Followed, error: unknown): boolean {
  if (isGone(error)) return false;
  return navigator.hasGone() || navigator.isLeaving() || isOfDocument(error);
}
