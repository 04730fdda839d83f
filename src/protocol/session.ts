/**
 * A session as admission knows it, whatever it is and wherever it runs. And how a request is handed on: http →
 * admission → whoever runs it. What crosses to a worker is a job (`job.ts`). Pure types.
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
  /** The URL of its page, as the client gave it; null when the page is HTML, or the body was not read. */
  readonly target: string | null;
  readonly limits: SessionLimits;
}

/** In ms; null: no limit. Each limit has a clock of its own. */
export interface SessionLimits {
  /** How long it may wait for its slot. */
  readonly waitMs: number | null;
  /** How long it may run once it has its slot. */
  readonly runMs: number | null;
}

/** Something that sessions need to run, and that may be missing. Compared by identity. */
export interface Resource {
  /** Whether a session that needs it can start now. */
  isReady(): boolean;
  /** Whether waiting for it is pointless. */
  isHopeless(): boolean;
}

/** How a session is run. Whoever asks for the session brings it. */
export interface Run {
  readonly resource: Resource;
  /** Called at most once, when the session has its slot and the resource is ready. Never throws. */
  start(): Running;
}

/** A session that has its slot. Neither promise ever rejects. */
export interface Running {
  /** Its result or failure, as soon as there is one. */
  readonly outcome: Promise<Outcome>;
  /** When its context is really gone and its slot is free. Always after `outcome`. */
  readonly released: Promise<void>;
  readonly place: Place;
  /** How far it has come. */
  standing(): Standing;
  /** Ends a session that has been settled, whatever it is doing. Idempotent. */
  cancel(): void;
}

/**
 * How far a session has come: its present phase, ms of the phases behind it, and the status of its page once that has
 * answered.
 */
export interface Standing {
  /** The exit by which its pages load, a key of `usage.ts`; null: it has no context yet. */
  readonly exit: number | null;
  readonly phase: keyof PhaseTimes;
  readonly past: Partial<PhaseTimes>;
  readonly status: number | null;
  /**
   * What its worker told last, once a second at most; null: it is no client over WebSocket, or has not connected yet.
   */
  readonly client: ClientStanding | null;
}

/** Where a session runs: in the browser of the worker with this index. */
export interface Place {
  readonly kind: 'worker';
  readonly index: number;
}

/** An outcome, to which admission adds the time that the session waited. */
export interface Settled {
  readonly outcome: Outcome;
  readonly queueMs: number;
}

/** Why a session would not be taken. */
export interface Refusal {
  readonly code: FailureCode;
  readonly message: string;
}

/** How http asks admission to run a session. `signal` aborts when the client has left. Never rejects. */
export type Submit = (session: Session, run: Run, signal: ClientSignal) => Promise<Settled>;
