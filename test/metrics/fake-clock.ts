/**
 * A clock that stands still until a test moves it. The two times are moved together or apart, as a wall clock that is
 * set by hand moves and a monotonic one does not.
 */

import type { Clock } from '../../src/clock.js';

export interface FakeClock extends Clock {
  /** Lets `ms` pass. */
  pass(ms: number): void;
  /** Sets the wall clock forward, or back when negative; no time passes. */
  step(ms: number): void;
}

export function createFakeClock(epochMs: number, monotonicMs = 5_000_000): FakeClock {
  let epoch = epochMs;
  let monotonic = monotonicMs;
  return {
    epochMs: () => epoch,
    monotonicMs: () => monotonic,
    after: () => {
      throw new Error('nothing in the metrics sets a timer');
    },
    pass(ms) {
      epoch += ms;
      monotonic += ms;
    },
    step(ms) {
      epoch += ms;
    },
  };
}
