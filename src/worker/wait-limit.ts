/**
 * How long a session waits for what its page should come to, when its client has not said: as Puppeteer does, and less
 * than the session may still take, so that the wait gives up and says for what, before the session is ended for its
 * time. Worker thread.
 */
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import { limit, waitFor } from '../wait.js';

/** Puppeteer's. */
const LIMIT_MS = 30_000;
/** What is left of a session's time for its answer, also on a busy machine; at most a quarter of it. */
const MARGIN_MS = 1_000;
const MARGIN_SHARE = 0.25;

/** From now on. `runMs` null: the session may take as long as it does. */
export function waitLimit(clock: Clock, runMs: number | null): () => number {
  if (runMs === null) return () => LIMIT_MS;
  const endsAtMs = clock.monotonicMs() + runMs - Math.min(MARGIN_MS, runMs * MARGIN_SHARE);
  return () => Math.round(Math.max(1, Math.min(LIMIT_MS, endsAtMs - clock.monotonicMs())));
}

/** What is waited by. */
export interface Times {
  readonly clock: Clock;
  /** See `Assignment`. */
  readonly waitLimitMs: () => number;
}

interface Limited {
  readonly clock: Clock;
  /** 0: without limit. */
  readonly timeoutMs: number;
  /** What it is when the time is up, as `waitFor: not there`. */
  readonly missing: string;
}

/** @throws {ServiceError} STEP_TIMEOUT when `work` takes longer. */
export function inTime<T>(work: Promise<T>, { clock, timeoutMs, missing }: Limited): Promise<T> {
  if (timeoutMs === 0) return work;
  return waitFor<T, never>(work, [
    limit(clock, timeoutMs),
    () => {
      throw new ServiceError('STEP_TIMEOUT', `${missing} after ${timeoutMs} ms`);
    },
  ]);
}
