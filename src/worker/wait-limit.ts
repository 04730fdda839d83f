/**
 * How long a session waits for its page when its client has named no limit. As Puppeteer does, but less than what is
 * left of the session's time: so the wait gives up and names what is missing, before the session is ended for its time.
 * Worker thread.
 */
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import { limit, waitFor } from '../wait.js';

/** Puppeteer's default. */
const LIMIT_MS = 30_000;
/** Kept of a session's time for its answer, also on a busy machine. At most a quarter of the time. */
const MARGIN_MS = 1_000;
const MARGIN_SHARE = 0.25;

/** Counts from now. `runMs` null: the session has no limit. */
export function waitLimit(clock: Clock, runMs: number | null): () => number {
  if (runMs === null) return () => LIMIT_MS;
  const endsAtMs = clock.monotonicMs() + runMs - Math.min(MARGIN_MS, runMs * MARGIN_SHARE);
  return () => Math.round(Math.max(1, Math.min(LIMIT_MS, endsAtMs - clock.monotonicMs())));
}

/** The limits and the clock of a wait. */
export interface Times {
  readonly clock: Clock;
  /** See `Assignment`. */
  readonly waitLimitMs: () => number;
}

interface Limited {
  readonly clock: Clock;
  /** 0: no limit. */
  readonly timeoutMs: number;
  /** What is missing when the time is up, as in `waitFor: not there`. */
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
