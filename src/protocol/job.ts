/**
 * What crosses the boundary between the main thread and a worker: jobs one way, outcomes the other, and a few messages
 * about the shard's browsers. All of it is plain data, because an error class would lose its fields on the way. Pure.
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
  /** Counted in place of the code's own reason, for codes that have several. */
  readonly reason?: SessionFailureReason;
  /** When it is worth asking again, if that is known. */
  readonly retryAfterMs?: number;
}

/** What a session has made: bytes for its client, or only its own end. */
export type Product = Bytes | 'closed';

export interface Bytes {
  /** In a buffer of its own, which moves from thread to thread. */
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
 * How a job gets on. It has reached a phase, the one before took so many ms, and its pages load by this exit; or its
 * page was answered.
 */
export type Progress =
  | {
      readonly kind: 'phase';
      readonly phase: keyof PhaseTimes;
      readonly beforeMs: number;
      readonly exit: number | null;
      readonly client: ClientStanding | null;
    }
  | { readonly kind: 'answered'; readonly status: number }
  /** What changed about a client over WebSocket. */
  | { readonly kind: 'client'; readonly client: ClientStanding }
  /** Main may connect a client over WebSocket to the socket at this path. */
  | { readonly kind: 'serving'; readonly path: string };

/** To the worker, on a shard's control port. */
export type ControlMessage =
  | { readonly kind: 'attach'; readonly endpoint: PipeEndpoint }
  /** From now on the egress thread is at the other end of this port. */
  | { readonly kind: 'egress'; readonly port: MessagePort }
  /** The session of this job was settled: end it. */
  | { readonly kind: 'cancel'; readonly sequence: number };

/** To main, on a shard's control port. */
export type ControlReply =
  | BrowserReply
  | { readonly kind: 'outcome'; readonly sequence: number; readonly outcome: Outcome }
  | { readonly kind: 'progress'; readonly sequence: number; readonly progress: Progress }
  /** The number of pages that are ready for the next sessions. */
  | { readonly kind: 'ready'; readonly pages: number }
  | { readonly kind: 'fonts'; readonly fonts: Fonts }
  /** Code that takes a second of CPU is loaded, in which the thread does not turn its loop; or no longer. */
  | { readonly kind: 'loading'; readonly isLoading: boolean };

/** For which scripts Chromium has no font, or why that cannot be told. */
export type Fonts =
  | { readonly isKnown: true; readonly missing: readonly FontScript[] }
  | { readonly isKnown: false; readonly message: string };

export type BrowserReply =
  | { readonly kind: 'attached'; readonly generation: number }
  | { readonly kind: 'attachFailed'; readonly generation: number; readonly message: string }
  | { readonly kind: 'lost'; readonly generation: number }
  | { readonly kind: 'unusable'; readonly generation: number; readonly reason: UnusableReason }
  /** Whether the browser is suspected of being unable to open pages. */
  | { readonly kind: 'doubt'; readonly generation: number; readonly isDoubted: boolean };

/**
 * What piscina carries. `sequence` only grows, and a thread gets its jobs in that order. `runMs` is the limit that main
 * keeps for the session; null: none.
 */
export type Task =
  | { readonly kind: 'init'; readonly port: MessagePort }
  | { readonly kind: 'job'; readonly job: Job | CdpJob; readonly sequence: number; readonly runMs: number | null };

/** `init`: the lane that was claimed, -1 when none was free. `job`: its context is really gone. */
export type TaskResult =
  | { readonly kind: 'init'; readonly lane: number; readonly threadId: number }
  | { readonly kind: 'job' };
