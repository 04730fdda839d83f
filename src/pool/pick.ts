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

/** The browsers that jobs share while there are few. */
export interface Homes {
  readonly browsers: number;
  /** With more sessions than that in each, jobs are spread over all browsers. */
  readonly sessionsMax: number;
}

/** CPUs that the jobs of one browser keep at work. */
const CPUS_EACH = 2;
/** Jobs that keep those at work. */
const JOBS_EACH = 4;

/**
 * One browser for each two of `cpus`: more would only take the CPUs from each other. It gets as many sessions as it has
 * at full load anyway, so its end takes no more of them along.
 */
export function homesOf({ cpus, slots, workers }: { cpus: number; slots: number; workers: number }): Homes {
  return {
    browsers: Math.max(1, Math.floor(cpus / CPUS_EACH)),
    sessionsMax: Math.max(JOBS_EACH, Math.ceil(slots / workers)),
  };
}

/**
 * A job comes where others are at work, unless there are many, and keeps away from clients. The first job, clients, and
 * jobs when there are many sessions come where the least is done. Why: src/README.md, decision 87.
 */
export function pickWorker<T extends Candidate>(candidates: readonly (T | undefined)[], wanted: Wanted): T | undefined {
  const attached = candidates.filter((one): one is T => one?.isAttached === true);
  return (wanted.kind === 'job' && leastBusy(homesIn(attached, wanted.homes))) || leastBusy(attached);
}

function homesIn<T extends Candidate>(attached: readonly T[], { browsers, sessionsMax }: Homes): T[] {
  const atWork = attached.reduce((sum, one) => sum + atWorkIn(one), 0);
  if (atWork >= browsers * sessionsMax) return [];
  const homes = attached.toSorted((one, other) => {
    return one.clients - other.clients || atWorkIn(other) - atWorkIn(one) || compare(one, other);
  });
  // Where that many are being closed at once, closing hangs.
  return homes.slice(0, browsers).filter(({ closing }) => closing <= sessionsMax);
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

function atWorkIn({ sessions, closing }: Candidate): number {
  return sessions - closing;
}
