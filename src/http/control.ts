/**
 * The routes that show running sessions and end them. Main thread.
 */
import { ServiceError } from '../failures.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';
import { empty, json, type Route } from './route.js';

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

export interface ControlRouteOptions {
  readonly sessions: () => readonly SessionView[];
  /** Ends the running sessions with this id or trackingId; false when there is none. */
  readonly kill: (idOrTrackingId: string) => boolean;
  readonly killAll: () => void;
}

export function controlRoutes({ sessions, kill, killAll }: ControlRouteOptions): Route[] {
  return [
    {
      path: '/sessions',
      methods: ['GET', 'HEAD'],
      handle: ({ query }) => {
        const wanted = query.get('trackingId');
        return json(sessions().filter(({ trackingId }) => wanted === null || trackingId === wanted));
      },
    },
    {
      path: '/kill/all',
      methods: ['GET'],
      handle: () => {
        killAll();
        return empty(204);
      },
    },
    {
      path: '/kill/:id',
      methods: ['GET'],
      handle: ({ params }) => {
        const id = params['id'] ?? '';
        if (!kill(id)) throw new ServiceError('NOT_FOUND', 'no running session has this id or trackingId');
        return empty(204);
      },
    },
  ];
}
