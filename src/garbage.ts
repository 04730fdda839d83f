/**
 * Gives memory back that a thread had in use and needs no more, once it has come to rest: after its start, and after
 * each time of work. V8 itself leaves what was made last until there is more, which at rest never comes. Any thread,
 * about itself.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from './clock.js';

/** At rest for two looks in a row: a collection takes 15 to 40 ms, in which nobody should come. */
const LOOK_EVERY_MS = 10_000;

export interface RestOptions {
  readonly clock: Pick<Clock, 'after'>;
  readonly isBusy: () => boolean;
  readonly collect?: () => void;
}

/** The returned function ends it. */
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
  // Not at start: a server for users has no such function within reach. Not switched off again: it is every thread's.
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}
