/**
 * The line in the log of a session settled or refused. Main thread.
 */
import type { SettledSession } from '../admission/floor.js';
import type { Log } from '../log.js';

export function logSession(log: Log, { session, reason, outcome, queueMs, runMs, place }: SettledSession): void {
  log.info(
    {
      id: session.id,
      kind: session.kind,
      outcome: runMs === null ? 'refused' : outcome.isOk ? 'successful' : reason === 'timeout' ? 'timedout' : 'error',
      reason,
      queueMs,
      ...(runMs === null ? {} : { runMs, worker: place?.index }),
      ...(session.trackingId === null ? {} : { trackingId: session.trackingId }),
    },
    'session',
  );
}
