/**
 * Which worker gets the next session. Pure; main thread.
 */
export interface Candidate {
  readonly isAttached: boolean;
  readonly sessions: number;
  /** Pages kept ready. */
  readonly readyPages: number;
  /** Place in the order in which pages became ready, of its youngest. */
  readonly readyAt: number;
  /** Sequence number of its last job. */
  readonly lastJob: number;
}

/**
 * The least busy. Of those equally busy one with a page ready: the one whose page is the youngest, since its browser is
 * what the CPU's caches still know; when none has one, the one whose last job is the longest ago.
 */
export function pickWorker<T extends Candidate>(candidates: readonly (T | undefined)[]): T | undefined {
  let best: T | undefined;
  for (const one of candidates) {
    if (one?.isAttached && (!best || isBetter(one, best))) best = one;
  }
  return best;
}

function isBetter(one: Candidate, other: Candidate): boolean {
  if (one.sessions !== other.sessions) return one.sessions < other.sessions;
  const isReady = one.readyPages > 0;
  if (isReady !== other.readyPages > 0) return isReady;
  return isReady ? one.readyAt > other.readyAt : one.lastJob < other.lastJob;
}
