/**
 * Which worker gets the next session. Pure; main thread.
 */
export interface Candidate {
  readonly isAttached: boolean;
  readonly sessions: number;
  /** Those of them whose outcome is known: their contexts are being closed. */
  readonly closing: number;
  /** How many pages it keeps ready. */
  readonly readyPages: number;
  /** When its youngest page became ready, as a number in the order of all. */
  readonly readyAt: number;
  /** Sequence number of its last job. */
  readonly lastJob: number;
}

/**
 * The least busy one, where a session that is being closed is half of one: it is about to go, unless it hangs. So the
 * next session of who has just had an answer comes where that makes room. Among equally busy ones, one with a page
 * ready: that with the youngest page, because the CPU's caches still know its browser. When none has a page, the one
 * whose last job is the longest ago.
 */
export function pickWorker<T extends Candidate>(candidates: readonly (T | undefined)[]): T | undefined {
  let best: T | undefined;
  for (const one of candidates) {
    if (one?.isAttached && (!best || isBetter(one, best))) best = one;
  }
  return best;
}

function isBetter(one: Candidate, other: Candidate): boolean {
  const [ours, theirs] = [loadOf(one), loadOf(other)];
  if (ours !== theirs) return ours < theirs;
  const isReady = one.readyPages > 0;
  if (isReady !== other.readyPages > 0) return isReady;
  return isReady ? one.readyAt > other.readyAt : one.lastJob < other.lastJob;
}

function loadOf({ sessions, closing }: Candidate): number {
  return sessions - closing / 2;
}
