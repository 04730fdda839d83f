/**
 * What is told of a session once it is settled or refused: its line in the log, and when it failed, its place among the
 * last failures. Main thread.
 */
import type { SettledSession } from '../admission/floor.js';
import type { Clock } from '../clock.js';
import type { FailureView } from '../http/control.js';
import type { Log } from '../log.js';
import type { PhaseTimes } from '../protocol/job.js';
import type { Standing } from '../protocol/session.js';
import type { UsedBytes } from '../protocol/usage.js';
import type { Shown } from './shown.js';

/** How many failures `/failures` shows at most. */
export const FAILURES_MAX = 200;

export interface SessionLog {
  settled(session: SettledSession): void;
  /** The latest first. */
  failures(most?: number): FailureView[];
}

export interface SessionLogOptions {
  readonly log: Pick<Log, 'info'>;
  readonly shown: Shown;
  readonly clock: Clock;
  readonly bytesOf: BytesOf;
}

/** What the pages of a session have sent and received so far; null: it had no pages. */
export type BytesOf = (standing: Standing | null) => UsedBytes | null;

export function createSessionLog({ log, shown, clock, bytesOf }: SessionLogOptions): SessionLog {
  const failed: FailureView[] = [];
  return {
    settled(settled) {
      const line = lineOf(settled, shown, bytesOf);
      const { session, outcome, standing, reason } = settled;
      if (!outcome.isOk) {
        const { code } = outcome;
        const message = shown.messageOf(outcome.message);
        line['code'] = code;
        line['message'] = message;
        const { id, kind, trackingId, client } = session;
        const [host, status] = [shown.hostOf(session.target), standing?.status ?? null];
        failed.push({ id, kind, trackingId, code, message, reason, host, status, client, when: clock.epochMs() });
        if (failed.length > FAILURES_MAX) failed.shift();
      }
      log.info(line, 'session');
    },
    failures: (most = FAILURES_MAX) => failed.slice(-most).reverse(),
  };
}

/** What is known of every session. Spelled out: a spread would cost more than all else that is done here. */
function lineOf(settled: SettledSession, shown: Shown, bytesOf: BytesOf): Record<string, unknown> {
  const { session, reason, outcome, queueMs, runMs, place, standing } = settled;
  const { id, kind, trackingId, target, client } = session;
  const line: Record<string, unknown> = { id, kind, outcome: outcomeOf(settled), reason };
  if (trackingId !== null) line['trackingId'] = trackingId;
  if (target !== null) {
    const [host, url] = [shown.hostOf(target), shown.urlOf(target)];
    if (host !== null) line['host'] = host;
    if (url !== null) line['url'] = url;
  }
  const status = outcome.isOk ? outcome.answer?.status : standing?.status;
  if (status !== undefined && status !== null) line['status'] = status;
  if (client !== null) line['client'] = client;
  line['queueMs'] = queueMs;
  if (runMs === null || standing === null) return line;
  line['runMs'] = runMs;
  // The phase in which it stood, when it did not end well.
  if (!outcome.isOk) line['phase'] = standing.phase;
  line['phases'] = rounded(outcome.isOk ? outcome.phases : phasesUntil(standing, runMs));
  line['worker'] = place?.index;
  const bytes = bytesOf(standing);
  if (!bytes) return line;
  line['sentBytes'] = bytes.sentBytes;
  line['receivedBytes'] = bytes.receivedBytes;
  return line;
}

function outcomeOf({ reason, outcome, runMs }: SettledSession): string {
  if (runMs === null) return 'refused';
  if (outcome.isOk) return 'successful';
  return reason === 'timeout' ? 'timedout' : 'error';
}

/** The rest of the run time belongs to the phase in which it ended. */
function phasesUntil({ phase, past }: Standing, runMs: number): Partial<PhaseTimes> {
  const pastMs = Object.values(past).reduce((sum, ms) => sum + ms, 0);
  return { ...past, [phase]: Math.max(0, runMs - pastMs) };
}

function rounded(phases: Partial<PhaseTimes>): Record<string, number> {
  const made: Record<string, number> = {};
  for (const [name, ms] of Object.entries(phases)) made[name] = Math.round(ms * 10) / 10;
  return made;
}
