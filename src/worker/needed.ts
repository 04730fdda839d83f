/**
 * What the sessions of a server have come to need, over all its workers: each writes it there when a session first
 * needs it, and reads there what it may make ready while it is idle. Shared memory, because it has to be known to
 * threads that start later too. Runs in a worker thread.
 */

export interface Needed {
  isPlaywrightNeeded(): boolean;
  needPlaywright(): void;
}

/** `memory` is int32[1], zeroed by main. */
export function openNeeded(memory: SharedArrayBuffer): Needed {
  const cells = new Int32Array(memory);
  return {
    isPlaywrightNeeded: () => Atomics.load(cells, 0) === 1,
    needPlaywright: () => void Atomics.store(cells, 0, 1),
  };
}
