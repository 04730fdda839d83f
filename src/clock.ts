/**
 * Time, as something that is passed in. Durations, and instants that are compared, come from `monotonicMs`. Only dates
 * that people see come from `epochMs`, because an administrator may change that clock.
 */

export interface Clock {
  /** ms since the epoch; may jump either way. */
  epochMs(): number;
  /** ms since some fixed moment, the same on every thread of the process. Never goes back. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`. The returned function cancels it. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Above this, `setTimeout` fires at once. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;

// performance.now() starts with each thread, hrtime with the machine. One offset for each thread joins them, and keeps
// hrtime's allocations out of the hot path.
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
