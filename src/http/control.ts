/**
 * The routes that show running sessions and end them. Main thread.
 */
import { ServiceError } from '../failures.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';
import type { Handlers } from './interface.js';
import { empty, json } from './route.js';

export interface SessionView {
  readonly id: string;
  readonly kind: SessionKind;
  readonly trackingId: string | null;
  /** Index of the worker that runs it. */
  readonly worker: number;
  readonly state: 'running' | 'closing';
  /** Epoch ms. */
  readonly startedAt: number;
  readonly ageMs: number;
  readonly remoteAddress: string | null;
}

export interface ControlOptions {
  readonly sessions: () => readonly SessionView[];
  /** Ends the running sessions with this id or trackingId; false when there is none. */
  readonly kill: (idOrTrackingId: string) => boolean;
  readonly killAll: () => void;
}

export function controlHandlers(options: ControlOptions): Pick<Handlers, 'sessions' | 'kill' | 'killAll'> {
  return {
    sessions: ({ given: { trackingId: wanted } }) =>
      json(options.sessions().filter(({ trackingId }) => wanted === undefined || trackingId === wanted)),
    killAll() {
      options.killAll();
      return empty(204);
    },
    kill({ params }) {
      if (options.kill(params['id'] ?? '')) return empty(204);
      throw new ServiceError('NOT_FOUND', 'no running session has this id or trackingId');
    },
  };
}
