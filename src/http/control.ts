/**
 * The routes that show sessions, those that failed, and end those that wait or run. Main thread.
 */
import { type FailureCode, ServiceError } from '../failures.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';
import type { Handlers } from './interface.js';
import { empty, json } from './route.js';

export interface SessionView {
  readonly id: string;
  readonly kind: SessionKind;
  readonly trackingId: string | null;
  /** Index of the worker that runs it; null while it waits, as what else it does not have yet. */
  readonly worker: number | null;
  readonly state: 'waiting' | 'running' | 'closing';
  readonly phase: string | null;
  /** Of the page, as far as it is shown; null: it is HTML. */
  readonly host: string | null;
  readonly url?: string;
  /** Epoch ms. */
  readonly startedAt: number | null;
  /** Since then; of one that waits, since it came. */
  readonly ageMs: number;
  /** What its pages have sent and received so far. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly remoteAddress: string | null;
  /** Of a client over WebSocket that is there: hosts of its open pages, and how long it has sent nothing. */
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
  /** Of the page, as far as it is shown; null: it was HTML, or had not been read. */
  readonly host: string | null;
  /** Of the page; null: it was not answered. */
  readonly status: number | null;
  readonly client: string | null;
  /** Epoch ms. */
  readonly when: number;
}

export interface ControlOptions {
  readonly sessions: () => readonly SessionView[];
  /** The latest first; without `most` all that are held. */
  readonly failures: (most?: number) => readonly FailureView[];
  /** Ends the with this id or trackingId; false when there is none. */
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
