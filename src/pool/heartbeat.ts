/**
 * Whether a thread still turns its loop. The thread gives a sign once a second, and main looks as often. What counts is
 * how many looks in a row found no new sign, not how much time has passed: when the whole process stood still, no
 * thread is to blame. Pure.
 */

/** So many looks in a row without a sign mean that the thread is stuck. */
export const MISSES_MAX = 5;

export interface Heartbeat {
  /** `beats` is the present count. False when it was the same too often. */
  isAlive(beats: number): boolean;
}

export function createHeartbeat(): Heartbeat {
  let last: number | null = null;
  let misses = 0;
  return {
    isAlive(beats) {
      misses = beats === last ? misses + 1 : 0;
      last = beats;
      return misses < MISSES_MAX;
    },
  };
}
