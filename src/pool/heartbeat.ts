/**
 * Whether a thread still turns its loop. The thread gives a sign once a second, and main looks as often. What counts is
 * how many looks in a row found no new sign, not how much time has passed: when the whole process stood still, no
 * thread is to blame. Pure.
 */

/** So many looks in a row without a sign mean that the thread is stuck. */
export const MISSES_MAX = 5;
/**
 * While it loads code: a second of CPU, which took more than five on a machine that was full of other work. The
 * thread's own limits begin at 15 s, and it must not find those over when it turns its loop again.
 */
export const LOADING_MISSES_MAX = 14;

export interface Heartbeat {
  /** `beats` is the present count. False when it was the same too often. */
  isAlive(beats: number): boolean;
  /** The thread has said that it will give no sign for a while, or that it does so again. */
  setLoading(isLoading: boolean): void;
}

export function createHeartbeat(): Heartbeat {
  let last: number | null = null;
  let misses = 0;
  let missesMax = MISSES_MAX;
  return {
    isAlive(beats) {
      misses = beats === last ? misses + 1 : 0;
      last = beats;
      return misses < missesMax;
    },
    setLoading(isLoading) {
      missesMax = isLoading ? LOADING_MISSES_MAX : MISSES_MAX;
      // That it has said so is a sign.
      misses = 0;
    },
  };
}
