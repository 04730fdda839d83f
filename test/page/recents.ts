/**
 * What became of sessions lately, as the page has it: nothing, but for what a test says.
 */

import type { Ended, Recent } from '../../src/page/figures.js';

export const MINUTES_5_MS = 300_000;

export function ended(given: Partial<Ended> = {}): Ended {
  return { spanMs: MINUTES_5_MS, successful: 0, failures: {}, refusals: {}, ...given };
}

export function recently(last: Partial<Ended> = {}, before: Partial<Ended> = {}): Recent {
  return {
    lastMinute: ended({ spanMs: 60_000, ...last }),
    last5Minutes: ended(last),
    before: ended(before),
    kinds: {},
  };
}
