/**
 * Sessions over WebSocket: an upgrade becomes a session, and is admitted like those over HTTP. Main thread.
 */
import { ServiceError } from '../failures.js';
import { CDP_KIND } from '../protocol/jobs/jobs.js';
import type { TunnelOf } from '../protocol/tunnel.js';
import { type ClientOptionsOptions, readClientOptions } from './client-options.js';
import type { Acceptors } from './interface.js';
import { newSession, type SessionOptions } from './sessions.js';

export interface CdpOptions extends Omit<SessionOptions, 'runOf'>, ClientOptionsOptions {
  readonly tunnelOf: TunnelOf;
}

export function cdpAcceptors(options: CdpOptions): Acceptors {
  return {
    async cdp({ given, query, raw, caller, signal }) {
      const wanted = readClientOptions(query, options);
      const session = newSession(options, CDP_KIND, { given, raw });
      const { outcome } = await options.submit(session, options.tunnelOf(caller, wanted, session.limits), signal);
      // Once the upgrade was answered, its client has heard from the worker. Nobody listens to an error from here.
      if (outcome.isOk) return;
      const { code, message, retryAfterMs } = outcome;
      throw new ServiceError(code, message, { sessionId: session.id, retryAfterMs });
    },
  };
}
