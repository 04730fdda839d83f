/**
 * A session as admission knows it, whatever it is and wherever it runs; and how the stages of a request hand it on:
 * http → admission → whoever runs it. What crosses to a worker is a job (`job.ts`). Pure types.
 */
import type { FailureCode } from '../failures.js';
import type { ClientStanding } from './cdp.js';
import type { ClientSignal } from './client.js';
import type { Outcome, PhaseTimes } from './job.js';
import type { SessionKind } from './jobs/jobs.js';

export interface Session {
  /** UUID; the client sees it as `x-session-id`. */
  readonly id: string;
  readonly kind: SessionKind;
  /** Its client's address; null when the socket has gone. */
  readonly client: string | null;
  readonly trackingId: string | null;
  /** The URL of its page as its client gave it; null when that is HTML, or the body has not been read. */
  readonly target: string | null;
  readonly limits: SessionLimits;
}

/** ms; null: without limit. Each has a clock of its own. */
export interface SessionLimits {
  /** It may wait for its slot. */
  readonly waitMs: number | null;
  /** It may run once it has it. */
  readonly runMs: number | null;
}

/** Something that sessions need to run, and that may not be there. Told apart by identity. */
export interface Resource {
  /** A session that needs it may be started now. */
  isReady(): boolean;
  /** It is not worth waiting until it is. */
  isHopeless(): boolean;
}

/** How a session is run; brought by whoever asks for it. */
export interface Run {
  readonly resource: Resource;
  /** Called once at most, when the session has its slot and the resource is ready. Never throws. */
  start(): Running;
}

/** A session that has its slot. Neither promise ever rejects. */
export interface Running {
  /** Its result or failure, as soon as there is one. */
  readonly outcome: Promise<Outcome>;
  /** When its context is really gone, which is when its slot is free; always after `outcome`. */
  readonly released: Promise<void>;
  readonly place: Place;
  /** How far it has come by now. */
  standing(): Standing;
  /** Ends it, whatever it is doing; it has been settled. Idempotent. */
  cancel(): void;
}

/** How far a session has come: what it is at, ms of the phases behind it, and the status of its page once answered. */
export interface Standing {
  /** By which what its pages load is found (`usage.ts`); null: it has no context yet. */
  readonly exit: number | null;
  readonly phase: keyof PhaseTimes;
  readonly past: Partial<PhaseTimes>;
  readonly status: number | null;
  /** As its worker has last told, once a second at most; null: it is no client over WebSocket, or not there yet. */
  readonly client: ClientStanding | null;
}

/** Where a session runs: in the browser of the worker with this index. */
export interface Place {
  readonly kind: 'worker';
  readonly index: number;
}

/** What admission adds to an outcome: the time spent waiting. */
export interface Settled {
  readonly outcome: Outcome;
  readonly queueMs: number;
}

/** Why a session would not be taken. */
export interface Refusal {
  readonly code: FailureCode;
  readonly message: string;
}

/** What admission offers to http. `signal` aborts when the client has gone. Never rejects. */
export type Submit = (session: Session, run: Run, signal: ClientSignal) => Promise<Settled>;
