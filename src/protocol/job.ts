/**
 * What crosses the boundary between the main thread and a worker: the job one way, its outcome the other, and the few
 * messages about the shard's browser. Plain data throughout: an error class would lose its fields on the way. Pure.
 */
import type { MessagePort } from 'node:worker_threads';
import type { FailureCode, SessionFailureReason } from '../failures.js';
import type { CdpJob, ClientStanding } from './cdp.js';
import type { PipeEndpoint } from './endpoint.js';
import type { BodyOf, JOBS } from './jobs/jobs.js';
import type { FontScript, UnusableReason } from './names.js';

/** By kind, what is to be done. */
export type Job = { [K in keyof typeof JOBS]: { readonly kind: K; readonly body: BodyOf<K> } }[keyof typeof JOBS];

/** The answer to the main navigation; absent when the page was given as HTML. */
export interface NavigationAnswer {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly ip: string | null;
  readonly port: number | null;
}

/** ms by phase, for `Server-Timing`; `close` comes after the answer and is not here. */
export interface PhaseTimes {
  readonly context: number;
  readonly navigate: number;
  readonly run: number;
}

export interface Failed {
  readonly isOk: false;
  readonly code: FailureCode;
  readonly message: string;
  /** Counted instead of the code's own, where one code has several. */
  readonly reason?: SessionFailureReason;
  /** When it is worth asking again, if whoever refused can tell. */
  readonly retryAfterMs?: number;
}

/** What a session has produced: bytes for its client, or nothing but its own end. */
export type Product = Bytes | 'closed';

export interface Bytes {
  /** In a buffer of its own, which is moved from thread to thread. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

export interface Succeeded {
  readonly isOk: true;
  readonly product: Product;
  readonly answer: NavigationAnswer | null;
  readonly phases: PhaseTimes;
}

export type Outcome = Succeeded | Failed;

/**
 * How a job gets on: it has come to a phase, the one before has taken so many ms, and what its pages load goes by this
 * exit; its page was answered.
 */
export type Progress =
  | {
      readonly kind: 'phase';
      readonly phase: keyof PhaseTimes;
      readonly beforeMs: number;
      readonly exit: number | null;
    }
  | { readonly kind: 'answered'; readonly status: number }
  /** How a client over WebSocket does, when that has changed. */
  | { readonly kind: 'client'; readonly client: ClientStanding }
  /** Of a client over WebSocket: main may bring it to the socket at this path. */
  | { readonly kind: 'serving'; readonly path: string };

/** On a shard's control port, to the worker. */
export type ControlMessage =
  | { readonly kind: 'attach'; readonly endpoint: PipeEndpoint }
  /** The egress thread is at the other end of this port from now on. */
  | { readonly kind: 'egress'; readonly port: MessagePort }
  /** The session of this job has been settled: end it. */
  | { readonly kind: 'cancel'; readonly sequence: number };

/** On a shard's control port, to main. */
export type ControlReply =
  | BrowserReply
  | { readonly kind: 'outcome'; readonly sequence: number; readonly outcome: Outcome }
  | { readonly kind: 'progress'; readonly sequence: number; readonly progress: Progress }
  /** So many pages are now kept ready for the next sessions. */
  | { readonly kind: 'ready'; readonly pages: number }
  | { readonly kind: 'fonts'; readonly fonts: Fonts };

/** For which scripts Chromium has no font, or why that cannot be told. */
export type Fonts =
  | { readonly isKnown: true; readonly missing: readonly FontScript[] }
  | { readonly isKnown: false; readonly message: string };

export type BrowserReply =
  | { readonly kind: 'attached'; readonly generation: number }
  | { readonly kind: 'attachFailed'; readonly generation: number; readonly message: string }
  | { readonly kind: 'lost'; readonly generation: number }
  | { readonly kind: 'unusable'; readonly generation: number; readonly reason: UnusableReason }
  /** Whether it may be that it can open no page. */
  | { readonly kind: 'doubt'; readonly generation: number; readonly isDoubted: boolean };

/**
 * What piscina carries. `sequence` only goes up, and a thread gets its jobs in that order. `runMs` is what main gives
 * the session; null: as long as it takes.
 */
export type Task =
  | { readonly kind: 'init'; readonly port: MessagePort }
  | { readonly kind: 'job'; readonly job: Job | CdpJob; readonly sequence: number; readonly runMs: number | null };

/** `init`: the lane claimed, -1 when none was free. `job`: its context is really gone. */
export type TaskResult =
  | { readonly kind: 'init'; readonly lane: number; readonly threadId: number }
  | { readonly kind: 'job' };
