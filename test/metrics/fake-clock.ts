/**
 * A clock that stands still until a test moves it. Its two times move together or apart: a wall clock may be set by
 * hand, a monotonic one never is.
 */

import type { Clock } from '../../src/clock.js';

export interface FakeClock extends Clock {
  /** Lets `ms` pass. */
  pass(ms: number): void;
  /** Sets the wall clock forward, or back when negative. No time passes. */
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
