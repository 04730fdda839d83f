/**
 * Which worker gets the next session. Pure; main thread.
 */
export interface Candidate {
  readonly isAttached: boolean;
  readonly sessions: number;
  /** How many pages it keeps ready. */
  readonly readyPages: number;
  /** When its youngest page became ready, as a number in the order of all. */
  readonly readyAt: number;
  /** Sequence number of its last job. */
  readonly lastJob: number;
}

/**
 * The least busy one. Among equally busy ones, one with a page ready: that with the youngest page, because the CPU's
 * caches still know its browser. When none has a page, the one whose last job is the longest ago.
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
