/**
 * Whether a resource is over its limit, judged by its mean over some seconds, because one busy second is no overload.
 * An overload ends only when the mean is well below the limit. Otherwise a value near the limit would flap, and load
 * balancers with it. Time without a reading counts as idle: a server that cannot measure turns nobody away.
 */
import type { Clock } from '../clock.js';

/** For the mean: long enough to cover the start of a browser, short enough for a load balancer. */
const WINDOW_MS = 5_000;
/** The mean must fall below this part of the limit. */
const WELL_BELOW = 0.95;

export interface Overload {
  /** What was in use since the last call, 0–1; null when it could not be read. */
  sample(ratio: number | null): void;
  isOver(): boolean;
}

export function createOverload({
  clock,
  limitPercent,
}: {
  readonly clock: Clock;
  readonly limitPercent: number;
}): Overload {
  const limit = limitPercent / 100;
  let samples: readonly { readonly fromMs: number; readonly toMs: number; readonly ratio: number }[] = [];
  let sampledAtMs = clock.monotonicMs();
  let isOver = false;
  return {
    sample(ratio) {
      const nowMs = clock.monotonicMs();
      const firstMs = nowMs - WINDOW_MS;
      const all = [...samples, { fromMs: sampledAtMs, toMs: nowMs, ratio: ratio ?? 0 }];
      samples = all.filter(({ toMs }) => toMs > firstMs);
      sampledAtMs = nowMs;
      const busyMs = samples.reduce((sum, one) => sum + one.ratio * (one.toMs - Math.max(one.fromMs, firstMs)), 0);
      isOver = busyMs / WINDOW_MS > (isOver ? WELL_BELOW * limit : limit);
    },
    isOver: () => isOver,
  };
}
