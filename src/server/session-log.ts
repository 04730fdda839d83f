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
import type { Shown } from './shown.js';

/** `/failures` has so many. */
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
}

export function createSessionLog({ log, shown, clock }: SessionLogOptions): SessionLog {
  const failed: FailureView[] = [];
  return {
    settled(settled) {
      const { session, outcome, runMs, place } = settled;
      const facts = { ...namesOf(settled), ...targetOf(settled, shown), ...timesOf(settled) };
      const ran = runMs === null ? {} : { worker: place?.index };
      if (outcome.isOk) return log.info({ ...facts, ...ran }, 'session');
      const told = { code: outcome.code, message: shown.messageOf(outcome.message) };
      log.info({ ...facts, ...ran, ...told }, 'session');
      const { id, kind, trackingId, client } = session;
      const { reason } = settled;
      const host = shown.hostOf(session.target);
      const status = settled.standing?.status ?? null;
      failed.push({ id, kind, trackingId, ...told, reason, host, status, client, when: clock.epochMs() });
      if (failed.length > FAILURES_MAX) failed.shift();
    },
    failures: (most = FAILURES_MAX) => failed.slice(-most).reverse(),
  };
}

function namesOf({ session: { id, kind, trackingId }, reason, outcome, runMs }: SettledSession) {
  const failedAs = reason === 'timeout' ? 'timedout' : 'error';
  return {
    id,
    kind,
    outcome: runMs === null ? 'refused' : outcome.isOk ? 'successful' : failedAs,
    reason,
    ...(trackingId === null ? {} : { trackingId }),
  };
}

/** Which page, what it was answered with, and for whom. */
function targetOf({ session: { target, client }, outcome, standing }: SettledSession, shown: Shown) {
  const [host, url] = [shown.hostOf(target), shown.urlOf(target)];
  const status = outcome.isOk ? outcome.answer?.status : standing?.status;
  return {
    ...(host === null ? {} : { host }),
    ...(url === null ? {} : { url }),
    ...(status === undefined || status === null ? {} : { status }),
    ...(client === null ? {} : { client }),
  };
}

function timesOf({ queueMs, runMs, outcome, standing }: SettledSession) {
  if (runMs === null || standing === null) return { queueMs };
  if (outcome.isOk) return { queueMs, runMs, phases: rounded(outcome.phases) };
  return { queueMs, runMs, phase: standing.phase, phases: rounded(phasesUntil(standing, runMs)) };
}

/** What is left of the run time belongs to the phase in which it ended. */
function phasesUntil({ phase, past }: Standing, runMs: number): Partial<PhaseTimes> {
  const pastMs = Object.values(past).reduce((sum, ms) => sum + ms, 0);
  return { ...past, [phase]: Math.max(0, runMs - pastMs) };
}

function rounded(phases: Partial<PhaseTimes>): Record<string, number> {
  return Object.fromEntries(Object.entries(phases).map(([name, ms]) => [name, Math.round(ms * 10) / 10]));
}
