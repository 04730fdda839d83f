/**
 * Who runs, who waits, who is refused; and the books of it. In: jobs with the signal of their client; out: what became
 * of them, once each. A session is settled as soon as it is decided, and holds its slot until its context is gone.
 * Whatever happens to workers and browsers, a session that got a slot is settled here, exactly once. Main thread.
 */
import type { Clock } from '../clock.js';
import { FAILURES, type FailureCode, type RejectionReason, type SessionFailureReason } from '../failures.js';
import type { Failed, Job, Outcome } from '../protocol/job.js';
import type { Run, Running, Settled, Submit } from '../protocol/running.js';
import type { Books } from './books.js';

export interface AdmissionOptions {
  readonly run: Run;
  /** Whether `run` may be called now. */
  readonly isReady: () => boolean;
  /** Whether it is not worth waiting until it may. */
  readonly isHopeless: () => boolean;
  readonly books: Books;
  readonly clock: Clock;
  readonly slots: number;
  readonly queueLimit: number;
  /** ms a session may wait; null: without limit. */
  readonly queueTimeoutMs: number | null;
  readonly onSettled: (session: SettledSession) => void;
}

/** A session settled or refused, for the log. */
export interface SettledSession {
  readonly job: Job;
  readonly reason: 'successful' | SessionFailureReason | RejectionReason;
  readonly outcome: Outcome;
  readonly queueMs: number;
  /** null: it never got a slot. */
  readonly runMs: number | null;
  readonly worker: number | null;
}

export interface Admission {
  readonly submit: Submit;
  /** Starts what can be started: called when a worker has become ready, or is known never to. */
  pump(): void;
  /** Unsettled sessions that have their slot. */
  active(): readonly Job[];
  /** Sessions that have a slot, in the order they got it. */
  sessions(): readonly RunningSession[];
  /** Settles the running sessions with this id or trackingId, as killed. False when there is none. */
  kill(idOrTrackingId: string, message: string): boolean;
  slotsInUse(): number;
  queueLength(): number;
  /** Epoch ms when the head of the queue came; 0 when none waits. */
  oldestEnqueuedEpochMs(): number;
  /** Counts the slot-seconds up to now; otherwise that happens when a slot is taken or freed. */
  countSlots(): void;
  /** Refuses what waits and what comes, as `DRAINING`. Resolves when the last slot is free. */
  drain(): Promise<void>;
  /** Settles what runs, as killed. */
  killAll(message: string): void;
}

export interface RunningSession {
  readonly job: Job;
  readonly worker: number;
  /** `closing`: settled, but its context is not gone yet. */
  readonly state: 'running' | 'closing';
  readonly startedAtEpochMs: number;
  readonly ageMs: number;
}

interface Session {
  readonly job: Job;
  readonly arrivedAtMs: number;
  readonly arrivedAtEpochMs: number;
  readonly resolve: (settled: Settled) => void;
  stopTimer: () => void;
  stopListening: () => void;
  /** Set when it gets its slot. */
  run: { readonly running: Running; readonly startedAtMs: number; readonly queueMs: number } | null;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { books, clock } = options;
  // Sets keep the order of arrival, and let one leave from the middle at no cost.
  const waiting = new Set<Session>();
  const active = new Set<Session>();
  const slots = new Set<Session>();
  let isDraining = false;
  let onIdle = (): void => {};

  const finish = (session: Session, told: Omit<SettledSession, 'job'>): void => {
    session.stopTimer();
    session.stopListening();
    session.resolve({ outcome: told.outcome, queueMs: told.queueMs });
    options.onSettled({ job: session.job, ...told });
  };

  const refuse = (session: Session, code: FailureCode, message: string): void => {
    const reason = FAILURES[code].refusal;
    if (reason === null) throw new Error(`${code} does not refuse`);
    waiting.delete(session);
    books.rejected(reason);
    const queueMs = Math.round(clock.monotonicMs() - session.arrivedAtMs);
    const outcome: Failed = { isOk: false, code, message };
    finish(session, { reason, outcome, queueMs, runMs: null, worker: null });
  };

  const settle = (session: Session, outcome: Outcome): void => {
    // The first one wins: a result that comes after the time limit, say, is dropped.
    if (!session.run || !active.delete(session)) return;
    const { running, startedAtMs, queueMs } = session.run;
    // Never 0: what ran has taken time, and is a unit begun.
    const runMs = Math.max(1, Math.round(clock.monotonicMs() - startedAtMs));
    const reason = outcome.isOk ? null : (FAILURES[outcome.code].session ?? 'error');
    books.settled(session.job.spec.kind, reason, runMs);
    finish(session, { reason: reason ?? 'successful', outcome, queueMs, runMs, worker: running.worker });
  };

  /** Settles it as ended from outside. */
  const end = (session: Session, code: FailureCode, message: string): void => {
    settle(session, { isOk: false, code, message });
    session.run?.running.cancel();
  };

  const start = (session: Session): void => {
    const { job } = session;
    waiting.delete(session);
    session.stopTimer();
    // Before the run time begins, so that slot-seconds are never less than run times.
    books.slots(slots.size + 1);
    const startedAtMs = clock.monotonicMs();
    const queueMs = Math.round(startedAtMs - session.arrivedAtMs);
    books.started(job.spec.kind, queueMs);
    const running = options.run(job);
    session.run = { running, startedAtMs, queueMs };
    active.add(session);
    slots.add(session);
    const { timeoutMs } = job;
    if (timeoutMs !== null) {
      const message = `no result after ${timeoutMs} ms, the limit of the session`;
      session.stopTimer = clock.after(timeoutMs, () => end(session, 'SESSION_TIMEOUT', message));
    }
    void running.outcome.then((outcome) => settle(session, outcome));
    void running.released.then(() => {
      slots.delete(session);
      books.slots(slots.size);
      pump();
      if (slots.size === 0) onIdle();
    });
  };

  const enqueue = (session: Session): void => {
    waiting.add(session);
    books.queued();
    const limitMs = options.queueTimeoutMs;
    if (limitMs === null) return;
    session.stopTimer = clock.after(limitMs, () =>
      refuse(session, 'QUEUE_TIMEOUT', `no slot became free within ${limitMs} ms`),
    );
  };

  const isRoom = (): boolean => slots.size < options.slots && options.isReady();

  const pump = (): void => {
    for (const session of waiting) {
      if (options.isHopeless()) refuse(session, 'NO_BROWSER', 'no browser can be started');
      else if (isRoom()) start(session);
      else return;
    }
  };

  const admit = (session: Session): void => {
    if (isDraining) refuse(session, 'DRAINING', 'the server is shutting down');
    else if (options.isHopeless()) refuse(session, 'NO_BROWSER', 'no browser can be started');
    else if (waiting.size === 0 && isRoom()) start(session);
    else if (waiting.size < options.queueLimit) enqueue(session);
    else refuse(session, 'QUEUE_FULL', `all ${options.slots} slots are taken and ${waiting.size} sessions wait`);
  };

  const submit: Submit = (job, signal) =>
    new Promise((resolve) => {
      books.requested(job.spec.kind);
      const session: Session = {
        job,
        arrivedAtMs: clock.monotonicMs(),
        arrivedAtEpochMs: clock.epochMs(),
        resolve,
        stopTimer: () => {},
        stopListening: () => {},
        run: null,
      };
      const left = (): void => {
        const code = 'CLIENT_CLOSED';
        const message = 'the client closed the connection';
        if (session.run) end(session, code, message);
        else refuse(session, code, message);
      };
      // Gone while its body was read: the event has passed, and nobody would hear of it again.
      if (signal.aborted) return left();
      signal.onabort = left;
      session.stopListening = () => {
        signal.onabort = null;
      };
      admit(session);
    });

  return {
    submit,
    pump,
    active: () => [...active].map(({ job }) => job),
    sessions: () =>
      [...slots].flatMap((session) => {
        if (!session.run) return [];
        const { running, startedAtMs } = session.run;
        const ageMs = Math.round(clock.monotonicMs() - startedAtMs);
        const state = active.has(session) ? 'running' : 'closing';
        return [{ job: session.job, worker: running.worker, state, startedAtEpochMs: clock.epochMs() - ageMs, ageMs }];
      }),
    kill(idOrTrackingId, message) {
      const found = [...active].filter(({ job }) => job.id === idOrTrackingId || job.trackingId === idOrTrackingId);
      for (const session of found) end(session, 'SESSION_KILLED', message);
      return found.length > 0;
    },
    slotsInUse: () => slots.size,
    countSlots: () => books.slots(slots.size),
    queueLength: () => waiting.size,
    oldestEnqueuedEpochMs() {
      const [oldest] = waiting;
      return oldest?.arrivedAtEpochMs ?? 0;
    },
    async drain() {
      isDraining = true;
      for (const session of waiting) refuse(session, 'DRAINING', 'the server is shutting down');
      if (slots.size > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    },
    killAll(message) {
      for (const session of active) end(session, 'SESSION_KILLED', message);
    },
  };
}
