/**
 * Which worker gets the next session. Pure; main thread.
 */
export interface Candidate {
  readonly isAttached: boolean;
  /** It loads code, and will not turn its loop before that is done. */
  readonly isLoading: boolean;
  readonly sessions: number;
  /** Those of them whose outcome is known: their contexts are being closed. */
  readonly closing: number;
  /** Those of them that are jobs. The others are clients over WebSocket. */
  readonly jobs: number;
  /** How many pages it keeps ready. */
  readonly readyPages: number;
  /** When its youngest page became ready, as a number in the order of all. */
  readonly readyAt: number;
  /** Sequence number of its last job, clients apart. */
  readonly lastJob: number;
  /** Since its last outcome, or since it got a session while it had none to give. It goes on while it is idle. */
  readonly silentMs: number;
}

/** What is looked for: a place for a client over WebSocket, or for a job, with where jobs come together. */
export type Wanted = { readonly kind: 'client' } | { readonly kind: 'job'; readonly homes: Homes };

/** Jobs come together in so many browsers, while there are so many of them in all. */
export interface Homes {
  readonly browsers: number;
  readonly jobsMin: number;
  readonly jobsMax: number;
}

/** CPUs that a job keeps busy, when it has them. */
const CPUS_EACH = 2;
/** Jobs of one browser: as many as keep those busy all the time. If it dies, they go with it. */
const JOBS_EACH = 5;
/** Closing takes some 10 ms, so there are seldom more of them at once. */
const CLOSING_MAX = 2;
/** Whoever has been silent for so long may hang, or have a page that holds up the others. */
const SILENT_MAX_MS = 2_000;

/**
 * One browser for each two of `cpus`, once there is a job for each CPU: more browsers would only take the CPUs from
 * each other. A job beside a single one has a browser to itself everywhere.
 */
export function homesOn(cpus: number): Homes {
  const browsers = Math.max(1, Math.floor(cpus / CPUS_EACH));
  return { browsers, jobsMin: Math.max(2, cpus), jobsMax: browsers * JOBS_EACH };
}

/**
 * A job that finds the CPUs busy comes where the last jobs came, in browsers with the fewest clients. Clients, a job
 * beside few others, and one beside many come where the least is done. Why: src/README.md, decision 87.
 */
export function pickWorker<T extends Candidate>(candidates: readonly (T | undefined)[], wanted: Wanted): T | undefined {
  const attached = candidates.filter((one): one is T => one?.isAttached === true);
  return (wanted.kind === 'job' && leastBusy(homesIn(attached, wanted.homes))) || leastBusy(attached);
}

function homesIn<T extends Candidate>(attached: readonly T[], { browsers, jobsMin, jobsMax }: Homes): T[] {
  // One that is being closed keeps a CPU busy, and will soon be gone.
  const jobs = attached.reduce((sum, one) => sum + one.jobs, 0);
  const closing = attached.reduce((sum, one) => sum + one.closing, 0);
  if (jobs < jobsMin || jobs - closing >= jobsMax) return [];
  const homes = attached.toSorted((one, other) => clientsOf(one) - clientsOf(other) || other.lastJob - one.lastJob);
  return homes.slice(0, browsers).filter(isAnswering);
}

function clientsOf({ sessions, jobs }: Candidate): number {
  return sessions - jobs;
}

function isAnswering({ isLoading, sessions, closing, silentMs }: Candidate): boolean {
  return !isLoading && silentMs <= SILENT_MAX_MS && closing <= Math.max(CLOSING_MAX, sessions - closing);
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
    Number(one.isLoading) - Number(other.isLoading) ||
    loadOf(one) - loadOf(other) ||
    Math.sign(other.readyPages) - Math.sign(one.readyPages) ||
    (one.readyPages > 0 ? other.readyAt - one.readyAt : one.lastJob - other.lastJob)
  );
}

function loadOf({ sessions, closing }: Candidate): number {
  return sessions - closing / 2;
}
