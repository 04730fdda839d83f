/**
 * Time, as something that is given. Durations and instants that are compared come from `monotonicMs`; only the dates
 * that people see come from `epochMs`, which an administrator may step.
 */

export interface Clock {
  /** ms since the epoch; may jump either way. */
  epochMs(): number;
  /** ms since some fixed moment, the same on every thread of the process; never goes back. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function cancels. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

/** `setTimeout` fires at once above this. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;

// performance.now() starts at each thread's own birth; hrtime is the machine's. One offset a thread joins them, and
// keeps the hot path free of hrtime's allocations.
const threadOffsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export const systemClock: Clock = {
  epochMs: () => Date.now(),
  monotonicMs: () => threadOffsetMs + performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), TIMER_LIMIT_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
