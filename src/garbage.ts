/**
 * Collects a thread's garbage once it has come to rest: after its start, and after each time of work. V8 itself
 * collects only when more is made, which at rest never happens, so memory would stay taken. Any thread, about itself.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from './clock.js';

/** A thread is at rest after two idle looks in a row: a collection takes 15 to 40 ms, in which nobody should come. */
const LOOK_EVERY_MS = 10_000;

export interface RestOptions {
  readonly clock: Pick<Clock, 'after'>;
  readonly isBusy: () => boolean;
  readonly collect?: () => void;
}

/** The returned function stops looking. */
export function collectAtRest({ clock, isBusy, collect = collectGarbage }: RestOptions): () => void {
  let looksAtRest = 0;
  let cancel = (): void => {};
  const look = (): void => {
    looksAtRest = isBusy() ? 0 : looksAtRest + 1;
    if (looksAtRest === 2) collect();
    cancel = clock.after(LOOK_EVERY_MS, look);
  };
  look();
  return () => cancel();
}

export function collectGarbage(): void {
  // Set here and not at the start, because every way of starting the server would need the flag. It stays on: a flag
  // is every thread's, and another may be between these two lines.
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}
