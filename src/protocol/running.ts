/**
 * How the stages of a request hand a session on: http → admission → pool, each knowing only the next. Pure types.
 */
import type { ClientSignal } from './client.js';
import type { Job, Outcome } from './job.js';

/** A session that has its slot. Neither promise ever rejects. */
export interface Running {
  /** Its result or failure, as soon as there is one. */
  readonly outcome: Promise<Outcome>;
  /** When its context is really gone, which is when its slot is free; always after `outcome`. */
  readonly released: Promise<void>;
  /** Index of the worker that runs it. */
  readonly worker: number;
  /** Ends it, whatever it is doing; it has been settled. Idempotent. */
  cancel(): void;
}

/** What the pool offers to admission. Called only while a worker is ready. */
export type Run = (job: Job) => Running;

/** What admission adds to an outcome: the time spent waiting. */
export interface Settled {
  readonly outcome: Outcome;
  readonly queueMs: number;
}

/** What admission offers to http. `signal` aborts when the client has gone. Never rejects. */
export type Submit = (job: Job, signal: ClientSignal) => Promise<Settled>;
