/**
 * Whether a thread still turns its loop: it gives a sign once a second, and is looked at as often. What counts is how
 * often none had come, not how long ago: when the whole process stood still, nobody has missed anything. Pure.
 */

/** A thread that spins is told by so many in a row. */
export const MISSES_MAX = 5;

export interface Heartbeat {
  /** `beats` as it is now. False once it has been the same too often. */
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
