/**
 * The routes that run a session: a body becomes a job, an outcome becomes an answer. Main thread.
 */
import { randomUUID } from 'node:crypto';
import { ServiceError } from '../failures.js';
import { nearest } from '../nearest.js';
import type { Job } from '../protocol/job.js';
import { FOREIGN_PARAMETERS } from '../protocol/jobs/foreign-names.js';
import type { JobKind, SessionKind } from '../protocol/jobs/jobs.js';
import { complaint } from '../protocol/jobs/row.js';
import type { Refusal, Run, Session, SessionLimits, Settled, Submit } from '../protocol/session.js';
import { BodiesFull } from './body.js';
import type { ClientOf } from './client-address.js';
import { type GivenOf, type Handlers, mapKinds, ROUTES } from './interface.js';
import { createJobReader, type JobReaderOptions } from './job.js';
import type { Answer, Handle, Request } from './route.js';

/** What the query of any session's route says, whatever its kind. */
type Given = GivenOf<(typeof ROUTES)[JobKind]>;

/** What every route that runs a session needs. */
export interface SessionOptions {
  readonly submit: Submit;
  readonly runOf: (job: Job, limits: SessionLimits) => Run;
  readonly clientOf: ClientOf;
  /** Of a session that asks for no limits of its own. */
  readonly limits: SessionLimits;
  /** The longest time that a session may ask for; null: no limit. */
  readonly maxTimeoutMs: number | null;
}

export interface SessionRouteOptions extends SessionOptions, JobReaderOptions {
  /** Why a session would not be taken now, whatever its job; null: it would be. */
  readonly refusal: () => Refusal | null;
  /** Refuses a session whose body was not read to its end. Counted as other refusals are. */
  readonly turnAway: (session: Session, refusal: Refusal) => Settled;
  /** Told of a name in the query or the body that browserless's clients send and that means nothing here. */
  readonly onIgnored: (name: string) => void;
}

export function sessionHandlers(options: SessionRouteOptions): Pick<Handlers, JobKind> {
  const jobOf = createJobReader(options);
  const handlerOf =
    (kind: JobKind): Handle<Given> =>
    async (request) => {
      checkNames(request.query, options);
      const session = newSession(options, kind, request);
      const readJob = jobOf(kind, request);
      // Decided by the head: a body that cannot become a session is neither asked for nor kept.
      const refusal = options.refusal();
      if (refusal) return answerOf(session, options.turnAway(session, refusal));
      const job = await readJob().catch((error: unknown) => {
        // `answerOf` throws, as for every refusal.
        if (error instanceof BodiesFull) answerOf(session, options.turnAway(session, fullOf(error)));
        throw error;
      });
      const known = { ...session, target: targetOf(job) };
      return answerOf(session, await options.submit(known, options.runOf(job, known.limits), request.signal));
    };
  return mapKinds(handlerOf);
}

/** Runs a job as a session and answers with what came of it. */
export async function runSession(
  options: SessionOptions,
  request: Request<Pick<Given, 'timeout' | 'trackingId'>>,
  job: Job,
): Promise<Answer> {
  const session = newSession(options, job.kind, request);
  return answerOf(session, await options.submit(session, options.runOf(job, session.limits), request.signal));
}

function fullOf({ message }: BodiesFull): Refusal {
  return { code: 'QUEUE_FULL', message };
}

function targetOf({ body }: Job): string | null {
  return 'url' in body ? (body.url ?? null) : null;
}

export function newSession(
  options: Pick<SessionOptions, 'clientOf' | 'limits' | 'maxTimeoutMs'>,
  kind: SessionKind,
  { given, raw }: Pick<Request<Pick<Given, 'timeout' | 'trackingId'>>, 'given' | 'raw'>,
): Session {
  return {
    id: randomUUID(),
    kind,
    client: options.clientOf(raw),
    trackingId: given.trackingId ?? null,
    target: null,
    limits: { waitMs: options.limits.waitMs, runMs: timeoutOf(given.timeout, options) },
  };
}

/** @throws {ServiceError} the reason for which the session has failed. */
function answerOf({ id }: Session, { outcome, queueMs }: Settled): Answer {
  if (!outcome.isOk) {
    const { code, message, retryAfterMs } = outcome;
    throw new ServiceError(code, message, { sessionId: id, retryAfterMs });
  }
  if (outcome.product === 'closed') throw new Error('a job has ended without bytes for its client');
  const { product, answer, phases } = outcome;
  const timing = [
    `queue;dur=${queueMs}`,
    ...Object.entries(phases).map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`),
  ];
  const headers: Record<string, string> = {
    'Content-Type': product.contentType,
    'Cache-Control': 'no-store',
    'Server-Timing': timing.join(', '),
    'x-session-id': id,
  };
  if (answer) {
    headers['x-response-url'] = printable(answer.url);
    headers['x-response-code'] = String(answer.status);
    headers['x-response-status'] = printable(answer.statusText).slice(0, SHORT_MAX);
    if (answer.ip !== null) headers['x-response-ip'] = printable(answer.ip).slice(0, SHORT_MAX);
    if (answer.port !== null) headers['x-response-port'] = String(answer.port);
  }
  return { status: 200, headers, chunks: [product.body] };
}

/** Many clients take at most 16 KiB of headers. A URL may use half of that; the other headers are short. */
const URL_MAX = 8_192;
const SHORT_MAX = 1_024;

/** Text from a page's server, as far as a header can hold it. */
export function printable(value: string): string {
  // By way of bytes: half of a surrogate pair is no character, and encodeURIComponent throws at it.
  return value
    .replace(/[^\x20-\x7e]+/g, (characters) => encodeURIComponent(Buffer.from(characters).toString()))
    .slice(0, URL_MAX);
}

const FOREIGN = new Map(FOREIGN_PARAMETERS.map((one) => [one.name, one]));
/** `token` is read before the route is known. */
const KNOWN = ['token', ...Object.keys(ROUTES.content.query)];

function checkNames(query: URLSearchParams, { onIgnored }: SessionRouteOptions): void {
  for (const name of query.keys()) {
    if (KNOWN.includes(name)) continue;
    const foreign = FOREIGN.get(name.startsWith('--') ? 'launch' : name);
    if (foreign?.fate === 'ignored') {
      onIgnored(name);
      continue;
    }
    if (foreign) throw complaint(name, foreign.why);
    const meant = nearest(name, [...KNOWN, ...FOREIGN.keys()]);
    throw complaint(name, `unknown in the query${meant === undefined ? '' : `; did you mean ${meant}?`}`);
  }
}

function timeoutOf(
  given: number | undefined,
  { limits, maxTimeoutMs }: Pick<SessionOptions, 'limits' | 'maxTimeoutMs'>,
): number | null {
  if (given === undefined) return limits.runMs;
  if (given === -1 && maxTimeoutMs === null) return null;
  if (given === -1 || given > (maxTimeoutMs ?? Number.MAX_SAFE_INTEGER)) {
    const limit = maxTimeoutMs === null ? 'or -1 for no limit' : `to ${maxTimeoutMs}`;
    throw new ServiceError('BAD_REQUEST', `timeout: must be whole ms from 1 ${limit}`);
  }
  return given;
}
