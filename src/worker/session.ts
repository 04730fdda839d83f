/**
 * One session, from its context to that context's end. In: a job; out: exactly one outcome. What ends it first decides:
 * its result, a failure, the death of page or browser, or main's word that it has been settled; time limits come as
 * that word. No call to the browser outlives the session. Runs in a worker thread.
 */
import assert from 'node:assert/strict';
import type { Clock } from '../clock.js';
import { type FailureCode, ServiceError } from '../failures.js';
import type { Failed, Outcome, PhaseTimes, Progress, Succeeded } from '../protocol/job.js';
import { createOnce, type End, type Ending, limit, waitFor } from '../wait.js';
import { isTimeout } from './browser.js';
import { type AnyBody, type PageRunner, RUNNERS, type RunnerTable } from './jobs/jobs.js';
import type { Lease } from './lease.js';
import { isGone, messageOf } from './mistakes.js';
import { needOf, openPage } from './page.js';
import type { Shard } from './shard.js';
import { steadily } from './steadily.js';
import type { Tally } from './tally.js';
import { located, trueReason } from './way-out.js';

/** A job, and what it is run with. */
export interface Assignment {
  readonly job: { readonly kind: string; readonly body: AnyBody };
  /** Main has settled the session. */
  readonly cancelled: End;
  readonly post: (outcome: Outcome) => void;
  /** Says how it gets on, for whoever looks. */
  readonly tell: (progress: Progress) => void;
  readonly shard: Shard;
  readonly tally: Tally;
  readonly clock: Clock;
  /** How long it may wait for its page from now on, when its client has named no limit. */
  readonly waitLimitMs: () => number;
}

/** An error says that the page has gone shortly before or after the reason is known. */
const REASON_LIMIT_MS = 1_000;
/** The death of a renderer also aborts its navigation; word of the death comes right after. */
const ABORTED_LIMIT_MS = 250;
const OVER = 'its pages loaded more than MAX_SESSION_BYTES';
const NO_PHASES: PhaseTimes = { context: 0, navigate: 0, run: 0 };

/** Runs the session. Resolves when its context is really gone, and never rejects. */
export async function runSession(assignment: Assignment, runners: RunnerTable = RUNNERS): Promise<void> {
  const { job, post, shard } = assignment;
  const runner = runners[job.kind];
  assert(runner);
  if (runner.hasPage) return await runInPage(assignment, runner);
  const product = await runner.run(shard, job.body);
  post({ isOk: true, product, answer: null, phases: NO_PHASES });
}

async function runInPage(assignment: Assignment, runner: PageRunner): Promise<void> {
  const { job, cancelled, post, shard, tally, clock } = assignment;
  const startedAtMs = clock.monotonicMs();
  const need = needOf(job.body, runner.plainKeys);
  const leasing = shard.lease(need);
  let lease: Lease | null = null;
  try {
    lease = await waitFor(leasing, [cancelled, () => null]);
  } catch (error) {
    return post(failure(error, 'browser'));
  }
  if (!lease) {
    // The session was settled while its context was being made, or its context could not be made. It waits for the
    // context, so that none is forgotten.
    return await leasing.then(shard.release, () => {});
  }
  assert(need.kind === (lease.playwright ? 'playwright' : 'plain'));
  const contextMs = clock.monotonicMs() - startedAtMs;
  const broken = createOnce();
  let reason: unknown = null;
  const fail = (error: unknown): void => {
    reason ??= error;
    broken.happen();
  };
  const producing = produce(assignment, { runner, lease, contextMs, fail });
  const ends: Ending<Failed | null>[] = [
    [broken, () => failure(reason, 'page')],
    [cancelled, () => null],
  ];
  const outcome = await waitFor(producing, ...deaths(lease), ...ends);
  if (outcome) post(outcome);
  else shard.suspect(lease);
  const closingAtMs = clock.monotonicMs();
  await shard.release(lease);
  tally.phase('close', clock.monotonicMs() - closingAtMs);
}

interface Workplace {
  readonly runner: PageRunner;
  readonly lease: Lease;
  readonly contextMs: number;
  /** Ends the session from outside of what it waits for. */
  readonly fail: (error: unknown) => void;
}

async function produce(assignment: Assignment, { runner, lease, contextMs, fail }: Workplace): Promise<Outcome> {
  const { job, cancelled, tell, tally, clock, waitLimitMs } = assignment;
  const startedAtMs = clock.monotonicMs();
  let readyAtMs = startedAtMs;
  try {
    const exit = lease.exit?.id ?? null;
    tell({ kind: 'phase', phase: 'navigate', beforeMs: contextMs, exit, client: null });
    lease.navigator.onAnswer = (status) => tell({ kind: 'answered', status });
    await openPage(lease, job.body, { clock, fail, waitLimitMs });
    readyAtMs = clock.monotonicMs();
    tally.phase('navigate', readyAtMs - startedAtMs);
    tell({ kind: 'phase', phase: 'run', beforeMs: readyAtMs - startedAtMs, exit, client: null });
    const product = await steadily(lease.navigator, clock, () => runner.run(lease, job.body, { clock, waitLimitMs }));
    if (product.body.length === 0) throw new Error('Chromium made nothing of the page');
    const runMs = clock.monotonicMs() - readyAtMs;
    tally.phase('run', runMs);
    const phases = { context: contextMs, navigate: readyAtMs - startedAtMs, run: runMs };
    const answer = located(lease.navigator.answer(), lease.exit);
    return { isOk: true, product, answer, phases } satisfies Succeeded;
  } catch (error) {
    const failed = await trueReason(failure(error, 'page'), lease);
    const isAborted = failed.message === 'net::ERR_ABORTED';
    const netError = failed.code === 'NAVIGATION_FAILED' ? /net::ERR_[A-Z0-9_]+/.exec(failed.message)?.[0] : undefined;
    if (netError && !isAborted) tally.networkFailure(netError);
    if (!isGone(error) && !isAborted) return failed;
    // Its page or browser has gone, which breaks every call. Or the page was closed, for example by itself.
    const limitMs = isAborted ? ABORTED_LIMIT_MS : REASON_LIMIT_MS;
    const ends = [limit(clock, limitMs), cancelled].map((end): Ending<Failed> => [end, () => failed]);
    const told = await waitFor<never, Failed>(null, ...deaths(lease), ...ends);
    if (netError && told === failed) tally.networkFailure(netError);
    return told;
  }
}

/** The renderer or the browser has died, or the page is closed. */
function deaths({ crashed, closed, lost, exit, whyClosed }: Lease): Ending<Failed>[] {
  const ofExit: Ending<Failed>[] = exit
    ? [
        [exit.lost, () => ({ isOk: false, code: 'WORKER_CRASHED', message: 'the egress thread died' })],
        [exit.over, () => ({ isOk: false, code: 'SESSION_FAILED', message: OVER, reason: 'policy' })],
      ]
    : [];
  return [
    ...ofExit,
    [crashed, () => ({ isOk: false, code: 'PAGE_CRASHED', message: 'the page crashed' })],
    [lost, () => ({ isOk: false, code: 'BROWSER_CRASHED', message: 'the browser crashed' })],
    [closed, () => ({ isOk: false, code: 'SESSION_FAILED', message: whyClosed() ?? 'the page closed itself' })],
  ];
}

/** An error of a browser call as data for the client: its code, and its message without Playwright's call log. */
function failure(error: unknown, where: 'browser' | 'page'): Failed {
  const message = messageOf(error);
  const failed = (code: FailureCode): Failed => ({ isOk: false, code, message });
  if (error instanceof ServiceError) return failed(error.code);
  if (where === 'browser') return failed('BROWSER_CRASHED');
  if (isTimeout(error)) return failed('STEP_TIMEOUT');
  // As far as anybody knows, neither the page nor the client has thrown it.
  return { ...failed('SESSION_FAILED'), reason: 'error' };
}
