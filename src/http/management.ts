/**
 * The routes that tell how the server does: health, pressure, settings, versions. Main thread.
 */
import { type Answer, empty, json, type Request, type Route, text } from './route.js';

const METHODS = ['GET', 'HEAD'];

export interface Pressure {
  readonly date: number;
  readonly reason: '' | 'draining' | 'browser' | 'full' | 'cpu' | 'memory';
  readonly message: string;
  readonly isAvailable: boolean;
  readonly queued: number;
  readonly recentlyRejected: number;
  readonly running: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** Whole percent, rounded up. */
  readonly cpu: number;
  readonly memory: number;
}

/** Why a session sent now would not be taken; null: it would. */
export type NotReady = 'starting' | 'draining' | 'full' | 'browser' | null;

export interface ManagementRouteOptions {
  readonly pressure: () => Pressure;
  readonly notReady: () => NotReady;
  readonly config: () => Record<string, unknown>;
  readonly meta: () => Record<string, string>;
}

export function managementRoutes(options: ManagementRouteOptions): Route[] {
  const get = (path: string, handle: Route['handle']): Route => ({ path, methods: METHODS, handle });
  const health = (path: string, handle: Route['handle']): Route => ({
    ...get(path, handle),
    isOpen: true,
    isForAnyOrigin: true,
  });
  return [
    health('/health/live', () => json({ status: 'ok' })),
    health('/health/ready', () => {
      const reason = options.notReady();
      return reason === null ? json({ status: 'ok' }) : json({ status: 'unavailable', reason }, 503);
    }),
    get('/active', () => empty(options.notReady() === null ? 204 : 503)),
    get('/pressure', (request) => pressureAnswer(request, options.pressure())),
    get('/config', () => json(options.config())),
    get('/meta', () => json(options.meta())),
  ];
}

function pressureAnswer({ headers }: Request, pressure: Pressure): Answer {
  const answer = /^\s*text\/plain\b/.test(headers.accept ?? '')
    ? text(pressure.message, pressure.isAvailable ? 200 : 503)
    : json({ pressure });
  return { ...answer, headers: { ...answer.headers, Vary: 'Accept' } };
}
