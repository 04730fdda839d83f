/**
 * The routes that tell how the server is: health, pressure, settings, versions. Main thread.
 */
import { preferredType } from './accept.js';
import type { Handlers } from './interface.js';
import { type Answer, empty, json, type Request, text } from './route.js';

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

/** Why a session sent now would not be taken; null: it would be. */
export type NotReady = 'starting' | 'draining' | 'full' | 'browser' | null;

export interface ManagementOptions {
  readonly pressure: () => Pressure;
  readonly notReady: () => NotReady;
  readonly config: () => Record<string, unknown>;
  readonly meta: () => Record<string, string | number>;
}

type Names = 'live' | 'ready' | 'active' | 'pressure' | 'config' | 'meta';

export function managementHandlers(options: ManagementOptions): Pick<Handlers, Names> {
  return {
    live: () => json({ status: 'ok' }),
    ready() {
      const reason = options.notReady();
      return reason === null ? json({ status: 'ok' }) : json({ status: 'unavailable', reason }, 503);
    },
    active: () => empty(options.notReady() === null ? 204 : 503),
    pressure: (request) => pressureAnswer(request, options.pressure()),
    config: () => json(options.config()),
    meta: () => json(options.meta()),
  };
}

function pressureAnswer({ headers }: Request, pressure: Pressure): Answer {
  const answer =
    preferredType(headers, ['application/json', 'text/plain']) === 'text/plain'
      ? text(pressure.message, pressure.isAvailable ? 200 : 503)
      : json({ pressure });
  return { ...answer, headers: { ...answer.headers, Vary: 'Accept' } };
}
