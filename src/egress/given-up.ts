/**
 * Says that a connection is not wanted any more, and why. It does what an AbortController does, without the events of
 * the DOM: these cost more than all else that is done for a connection. Pure.
 */
import { createOnce, type End } from '../wait.js';

/** Happens at most once. */
export interface GivenUp extends End {
  /** null until it happens. */
  reason(): Error | null;
}

export interface GiveUp extends GivenUp {
  /** Only the first reason counts. */
  happen(reason: Error): void;
}

export function createGiveUp(): GiveUp {
  const once = createOnce();
  let why: Error | null = null;
  return {
    on: once.on,
    reason: () => why,
    happen(reason) {
      why ??= reason;
      once.happen();
    },
  };
}
