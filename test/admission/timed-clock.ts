/**
 * A clock with timers that stands still until a test lets time pass. Timers fire in order, each at its moment.
 */

import type { Clock } from '../../src/clock.js';

export interface TimedClock extends Clock {
  /** Lets `ms` pass. What is due on the way is called at its time. */
  pass(ms: number): void;
  /** How many timers are set. */
  timers(): number;
}

export function createTimedClock(epochMs = 1_700_000_000_000): TimedClock {
  const bornAtMs = 5_000_000;
  let nowMs = bornAtMs;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  return {
    epochMs: () => epochMs + nowMs - bornAtMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [due] = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (!due) break;
        timers.delete(due);
        nowMs = Math.max(nowMs, due.atMs);
        due.callback();
      }
      nowMs = endMs;
    },
    timers: () => timers.size,
  };
}
