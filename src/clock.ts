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

/** A timer may fire a little early. What is due so soon after it was it that fired. */
const EARLY_MS = 5;

/**
 * ms until the next multiple of `periodMs`. What is done again and again waits for it, on all threads: they wake in the
 * same moments then, and waking costs more than most of what is done.
 */
export function untilNext(clock: Pick<Clock, 'monotonicMs'>, periodMs: number): number {
  const leftMs = periodMs - (clock.monotonicMs() % periodMs);
  return leftMs > EARLY_MS ? leftMs : leftMs + periodMs;
}

/** Calls `task` at each multiple of `periodMs`. The returned function ends it. Does not keep the process alive. */
export function every(clock: Pick<Clock, 'monotonicMs' | 'after'>, periodMs: number, task: () => void): () => void {
  let cancel = (): void => {};
  const schedule = (): void => {
    cancel = clock.after(untilNext(clock, periodMs), () => {
      // Before the task, which may stop it.
      schedule();
      task();
    });
  };
  schedule();
  return () => cancel();
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
