/**
 * What becomes of each session: it waits, it runs, it is settled, its slot is free. In: what happens to sessions; out:
 * counts in the books, and one answer to each client. A session is settled exactly once, as soon as its outcome is
 * known. It holds its slot until its context is gone. Main thread.
 */
import type { Clock } from '../clock.js';
import { FAILURES, type FailureCode, type RejectionReason, type SessionFailureReason } from '../failures.js';
import type { Outcome } from '../protocol/job.js';
import type { Place, Refusal, Run, Running, Session, Settled, Standing } from '../protocol/session.js';
import type { Books } from './books.js';
import { createLine } from './line.js';

/** A session settled or refused, for the log. */
export interface SettledSession {
  readonly session: Session;
  readonly reason: 'successful' | SessionFailureReason | RejectionReason;
  readonly outcome: Outcome;
  readonly queueMs: number;
  /** null: it never got a slot. */
  readonly runMs: number | null;
  readonly place: Place | null;
  /** The phase that it had reached; null: it never got a slot. */
  readonly standing: Standing | null;
}

export interface FloorOptions {
  readonly books: Books;
  readonly clock: Clock;
  readonly onSettled: (session: SettledSession) => void;
  /** A slot has become free. */
  readonly onFree: () => void;
}

/** A session on its way. */
export interface Entry {
  readonly session: Session;
  readonly run: Run;
  readonly arrival: number;
  readonly arrivedAtMs: number;
  readonly arrivedAtEpochMs: number;
  readonly answer: (settled: Settled) => void;
  stopTimer: () => void;
  stopListening: () => void;
  /** Set when it gets its slot. */
  begun: { readonly running: Running; readonly startedAtMs: number; readonly queueMs: number } | null;
}

type Arrival = Pick<Entry, 'session' | 'run' | 'answer' | 'arrival'> & { readonly clock: Clock };

export function createFloor({ books, clock, onSettled, onFree }: FloorOptions) {
  const waiting = createLine<Entry>();
  /** Sessions that have a slot and are not settled yet. */
  const active = new Set<Entry>();
  /** Sessions that hold a slot, in the order in which they got it. */
  const slots = new Set<Entry>();
  let arrivals = 0;

  const finish = (entry: Entry, told: Omit<SettledSession, 'session'>): void => {
    entry.stopTimer();
    entry.stopListening();
    entry.answer({ outcome: told.outcome, queueMs: told.queueMs });
    onSettled({ session: entry.session, ...told });
  };

  const refuse = (entry: Entry, refusal: Refusal): void => {
    waiting.delete(entry);
    const queueMs = Math.round(clock.monotonicMs() - entry.arrivedAtMs);
    const told = settledAs(refusal, queueMs);
    books.rejected(told.reason);
    finish(entry, told);
  };

  const settle = (entry: Entry, outcome: Outcome): void => {
    // The first outcome wins: a result that comes after the time limit is dropped.
    if (!entry.begun || !active.delete(entry)) return;
    const { running, startedAtMs, queueMs } = entry.begun;
    // Never 0: a session that ran has taken time, and has begun a unit.
    const runMs = Math.max(1, Math.round(clock.monotonicMs() - startedAtMs));
    const reason = outcome.isOk ? null : (outcome.reason ?? FAILURES[outcome.code].session ?? 'error');
    books.settled(entry.session.kind, reason, runMs);
    const { place } = running;
    finish(entry, { reason: reason ?? 'successful', outcome, queueMs, runMs, place, standing: running.standing() });
  };

  /** Ends a session from outside, whether it waits or runs. */
  const end = (entry: Entry, code: FailureCode, message: string): void => {
    if (entry.begun) {
      settle(entry, { isOk: false, code, message });
      entry.begun.running.cancel();
    } else {
      refuse(entry, { code, message });
    }
  };

  const release = (entry: Entry): void => {
    slots.delete(entry);
    books.slots(slots.size);
    onFree();
  };

  return {
    waiting,
    active,
    slots,
    arrive(session: Session, run: Run, answer: Entry['answer']): Entry {
      books.requested(session.kind);
      return newEntry({ session, run, answer, arrival: ++arrivals, clock });
    },
    /** Refuses a request that never became an entry. */
    turnAway(session: Session, refusal: Refusal): Settled {
      const told = settledAs(refusal, 0);
      books.requested(session.kind);
      books.rejected(told.reason);
      onSettled({ session, ...told });
      return told;
    },
    wait(entry: Entry): void {
      waiting.add(entry);
      books.queued();
      const { waitMs } = entry.session.limits;
      if (waitMs === null) return;
      const message = `no slot became free within ${waitMs} ms`;
      entry.stopTimer = clock.after(waitMs, () => refuse(entry, { code: 'QUEUE_TIMEOUT', message }));
    },
    start(entry: Entry): void {
      const { session, run } = entry;
      waiting.delete(entry);
      entry.stopTimer();
      // Slots are counted before the run time begins, so that slot-seconds are never less than run times.
      books.slots(slots.size + 1);
      const startedAtMs = clock.monotonicMs();
      const queueMs = Math.round(startedAtMs - entry.arrivedAtMs);
      books.started(session.kind, queueMs);
      const running = run.start();
      entry.begun = { running, startedAtMs, queueMs };
      active.add(entry);
      slots.add(entry);
      const { runMs } = session.limits;
      if (runMs !== null) {
        const message = `no result after ${runMs} ms, the limit of the session`;
        entry.stopTimer = clock.after(runMs, () => end(entry, 'SESSION_TIMEOUT', message));
      }
      void running.outcome.then((outcome) => settle(entry, outcome));
      void running.released.then(() => release(entry));
    },
    refuse,
    end,
  };
}

function settledAs({ code, message }: Refusal, queueMs: number) {
  const { refusal: reason, retryAfterMs } = FAILURES[code];
  if (reason === null) throw new Error(`${code} does not refuse`);
  const outcome: Outcome = { isOk: false, code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return { reason, outcome, queueMs, runMs: null, place: null, standing: null };
}

/** Spelled out: a spread would cost more than all else that is done here. */
function newEntry({ session, run, answer, arrival, clock }: Arrival): Entry {
  return {
    session,
    run,
    answer,
    arrival,
    arrivedAtMs: clock.monotonicMs(),
    arrivedAtEpochMs: clock.epochMs(),
    stopTimer: nothing,
    stopListening: nothing,
    begun: null,
  };
}

function nothing(): void {}
