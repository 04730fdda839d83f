/**
 * How long a session waits for what its page should come to, when its client has not said: as Puppeteer does, and less
 * than the session may still take, so that the wait gives up and says for what, before the session is ended for its
 * time. Worker thread.
 */
import type { Clock } from '../clock.js';

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
