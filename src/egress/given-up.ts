/**
 * A connection that is not wanted any more, and why: what an AbortController is, without the DOM's events, which cost
 * more than the rest of a connection's bookkeeping. Pure.
 */
import { createOnce, type End } from '../wait.js';

/** Happens at most once. */
export interface GivenUp extends End {
  /** null until it happens. */
  reason(): Error | null;
}

export interface GiveUp extends GivenUp {
  /** The first reason is the one. */
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
