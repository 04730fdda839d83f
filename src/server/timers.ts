/**
 * Does things again and again by the clock, until stopped.
 */
import { type Clock, untilNext } from '../clock.js';

interface Timers {
  /** At each multiple of `ms`; see `untilNext`. */
  every(ms: number, task: () => void): void;
  /** Runs the task each time that the delay of `untilMs` has passed. */
  repeat(untilMs: () => number, task: () => void): void;
  stop(): void;
}

export function createTimers(clock: Clock): Timers {
  const cancels = new Set<() => void>();
  const repeat: Timers['repeat'] = (untilMs, task) => {
    const schedule = (): void => {
      const cancel = clock.after(Math.max(1, untilMs()), () => {
        cancels.delete(cancel);
        task();
        schedule();
      });
      cancels.add(cancel);
    };
    schedule();
  };
  return {
    every: (ms, task) => repeat(() => untilNext(clock, ms), task),
    repeat,
    stop() {
      for (const cancel of cancels) cancel();
      cancels.clear();
    },
  };
}
