/**
 * The routes that show sessions and failures, and end sessions. Main thread.
 */
import { type FailureCode, ServiceError } from '../failures.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';
import type { Handlers } from './interface.js';
import { empty, json } from './route.js';

export interface SessionView {
  readonly id: string;
  readonly kind: SessionKind;
  readonly trackingId: string | null;
  /** Index of the worker that runs it. null while it waits, like everything else that it does not have yet. */
  readonly worker: number | null;
  readonly state: 'waiting' | 'running' | 'closing';
  readonly phase: string | null;
  /** Host of the page, as far as it is shown; null: the page is HTML from the body. */
  readonly host: string | null;
  readonly url?: string;
  /** Epoch ms. */
  readonly startedAt: number | null;
  /** Since `startedAt`; while it waits, since it came. */
  readonly ageMs: number;
  /** What its pages have sent and received so far. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly remoteAddress: string | null;
  /** Only of a client over WebSocket that is connected: hosts of its open pages, and how long it has sent nothing. */
  readonly hosts?: readonly string[];
  readonly idleMs?: number;
}

/** A session that failed or was refused. */
export interface FailureView {
  readonly id: string;
  readonly kind: SessionKind;
  readonly trackingId: string | null;
  readonly code: FailureCode;
  readonly message: string;
  /** As it was counted. */
  readonly reason: string;
  /** Host of the page, as far as it is shown; null: the page was HTML from the body, or the body was not read. */
  readonly host: string | null;
  /** HTTP status of the page; null: the page was not answered. */
  readonly status: number | null;
  readonly client: string | null;
  /** Epoch ms. */
  readonly when: number;
}

export interface ControlOptions {
  readonly sessions: () => readonly SessionView[];
  /** The latest first; without `most` all that are kept. */
  readonly failures: (most?: number) => readonly FailureView[];
  /** Ends the sessions with this id or trackingId; false when there is none. */
  readonly kill: (idOrTrackingId: string) => boolean;
  readonly killAll: () => void;
}

export function controlHandlers(options: ControlOptions): Pick<Handlers, 'sessions' | 'failures' | 'kill' | 'killAll'> {
  return {
    sessions: ({ given: { trackingId: wanted } }) =>
      json(options.sessions().filter(({ trackingId }) => wanted === undefined || trackingId === wanted)),
    failures: ({ given: { last } }) => json(options.failures(last)),
    killAll() {
      options.killAll();
      return empty(204);
    },
    kill({ params }) {
      if (options.kill(params['id'] ?? '')) return empty(204);
      throw new ServiceError('NOT_FOUND', 'no session that waits or runs has this id or trackingId');
    },
  };
}
