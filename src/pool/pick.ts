/**
 * Which worker gets the next session. Pure; main thread.
 */
export interface Candidate {
  readonly isAttached: boolean;
  readonly sessions: number;
  /** Those of them whose outcome is known: their contexts are being closed. */
  readonly closing: number;
  /** Those of them that are clients over WebSocket. */
  readonly clients: number;
  /** How many pages it keeps ready. */
  readonly readyPages: number;
  /** When its youngest page became ready, as a number in the order of all. */
  readonly readyAt: number;
  /** Sequence number of its last job. */
  readonly lastJob: number;
}

/** What is looked for: a place for a client over WebSocket, or for a job. */
export type Wanted = { readonly kind: 'client' } | { readonly kind: 'job'; readonly homes: Homes };

/** Where jobs come together: in so many browsers, while so many sessions are at work in all. */
export interface Homes {
  readonly browsers: number;
  readonly sessionsMin: number;
  readonly sessionsMax: number;
}

/** CPUs that a session at work keeps busy, when it has them. */
const CPUS_EACH = 2;
/** Jobs that keep those busy all the time. */
const JOBS_EACH = 4;

/**
 * One browser for each two of `cpus`, as soon as there is a session for each: more browsers would only take the CPUs
 * from each other. It gets as many sessions as it has at full load anyway, so its end takes no more of them along.
 */
export function homesOf({ cpus, slots, workers }: { cpus: number; slots: number; workers: number }): Homes {
  const browsers = Math.max(1, Math.floor(cpus / CPUS_EACH));
  return {
    browsers,
    sessionsMin: Math.max(1, cpus),
    sessionsMax: browsers * Math.max(JOBS_EACH, Math.ceil(slots / workers)),
  };
}

/**
 * A job that finds the CPUs busy comes where the last jobs came, and keeps away from clients. Clients, a job beside few
 * sessions, and one beside many come where the least is done. Why: src/README.md, decision 87.
 */
export function pickWorker<T extends Candidate>(candidates: readonly (T | undefined)[], wanted: Wanted): T | undefined {
  const attached = candidates.filter((one): one is T => one?.isAttached === true);
  return (wanted.kind === 'job' && leastBusy(homesIn(attached, wanted.homes))) || leastBusy(attached);
}

function homesIn<T extends Candidate>(attached: readonly T[], { browsers, sessionsMin, sessionsMax }: Homes): T[] {
  const there = attached.reduce((sum, { sessions }) => sum + sessions, 0);
  const closing = attached.reduce((sum, one) => sum + one.closing, 0);
  if (there < sessionsMin || there - closing >= sessionsMax) return [];
  const homes = attached.toSorted((one, other) => one.clients - other.clients || other.lastJob - one.lastJob);
  // Where that many are being closed at once, closing hangs.
  return homes.slice(0, browsers).filter(({ closing }) => closing * browsers <= sessionsMax);
}

/**
 * The least busy one, where a session that is being closed is half of one: it is about to go, unless it hangs. So the
 * next session of who has just had an answer comes where that makes room. Among equally busy ones, one with a page
 * ready: that with the youngest page, because the CPU's caches still know its browser. When none has a page, the one
 * whose last job is the longest ago.
 */
function leastBusy<T extends Candidate>(attached: readonly T[]): T | undefined {
  return attached.toSorted(compare)[0];
}

/** Below 0: `one` is better. */
function compare(one: Candidate, other: Candidate): number {
  return (
    loadOf(one) - loadOf(other) ||
    Math.sign(other.readyPages) - Math.sign(one.readyPages) ||
    (one.readyPages > 0 ? other.readyAt - one.readyAt : one.lastJob - other.lastJob)
  );
}

function loadOf({ sessions, closing }: Candidate): number {
  return sessions - closing / 2;
}
