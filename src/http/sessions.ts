/**
 * The routes that run a session: a body becomes a job, an outcome becomes an answer. Main thread.
 */
import { randomUUID } from 'node:crypto';
import { ServiceError } from '../failures.js';
import type { Bytes, Job, Succeeded } from '../protocol/job.js';
import { JOB_KINDS } from '../protocol/jobs/jobs.js';
import type { Run, Session, SessionLimits, Settled, Submit } from '../protocol/session.js';
import { createJobReader } from './job.js';
import { SESSION_PREFIXES } from './paths.js';
import type { Answer, Request, Route } from './route.js';

/** What every route that runs a session needs. */
export interface SessionOptions {
  readonly submit: Submit;
  readonly runOf: (job: Job) => Run;
  /** Of a session that asks for none of its own. */
  readonly limits: SessionLimits;
  /** The most that one may ask for; null: without limit. */
  readonly maxTimeoutMs: number | null;
}

export interface SessionRouteOptions extends SessionOptions {
  readonly maxPayloadBytes: number;
  readonly isGetEnabled: boolean;
  /** Said once a name: a query parameter that browserless knows and that means nothing here. */
  readonly onIgnored: (name: string) => void;
}

export function sessionRoutes(options: SessionRouteOptions): Route[] {
  const jobOf = createJobReader(options.maxPayloadBytes);
  return JOB_KINDS.flatMap((kind) =>
    SESSION_PREFIXES.map((prefix) => ({
      path: `${prefix}/${kind}`,
      methods: options.isGetEnabled ? ['POST', 'GET'] : ['POST'],
      handle: async (request: Request) => {
        checkQuery(request.query, options);
        return await runSession(options, request, await jobOf(kind, request));
      },
    })),
  );
}

/** Runs a job as a session and answers with what came of it. */
export async function runSession(options: SessionOptions, { query, signal, raw }: Request, job: Job): Promise<Answer> {
  const session: Session = {
    id: randomUUID(),
    kind: job.kind,
    client: raw.socket.remoteAddress ?? null,
    trackingId: trackingIdOf(query),
    limits: { ...options.limits, runMs: timeoutOf(query, options) },
  };
  const settled = await options.submit(session, options.runOf(job), signal);
  const { outcome } = settled;
  if (!outcome.isOk) {
    const { code, message, retryAfterMs } = outcome;
    throw new ServiceError(code, message, { headers: { 'x-session-id': session.id }, retryAfterMs });
  }
  if (outcome.product === 'closed') throw new Error('a job has produced nothing');
  return answerOf(session, settled, { ...outcome, ...outcome.product });
}

function answerOf(
  { id }: Session,
  { queueMs }: Settled,
  { body, contentType, answer, phases }: Omit<Succeeded, 'product'> & Bytes,
): Answer {
  const timing = [
    `queue;dur=${queueMs}`,
    ...Object.entries(phases).map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`),
  ];
  const headers: Record<string, string> = {
    'Content-Type': contentType,
    'Cache-Control': 'no-store',
    'Server-Timing': timing.join(', '),
    'x-session-id': id,
  };
  if (answer) {
    headers['x-response-url'] = printable(answer.url);
    headers['x-response-code'] = String(answer.status);
    headers['x-response-status'] = printable(answer.statusText);
    if (answer.ip !== null) headers['x-response-ip'] = answer.ip;
    if (answer.port !== null) headers['x-response-port'] = String(answer.port);
  }
  return { status: 200, headers, chunks: [body] };
}

/** What a page's server said goes into a header of ours only as far as a header can hold it. */
function printable(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character)).slice(0, 8_192);
}

/** v1 and v2 have these; they ask for what every session here has, or for what a shared browser cannot give. */
const IGNORED = [
  'stealth',
  'headless',
  'dumpio',
  'pause',
  'blockAds',
  'ignoreDefaultArgs',
  'ignoreHTTPSErrors',
  'record',
];
const REFUSED = ['launch', 'userDataDir'];

function checkQuery(query: URLSearchParams, { onIgnored }: SessionRouteOptions): void {
  for (const name of query.keys()) {
    if (name.startsWith('--') || REFUSED.includes(name)) {
      throw new ServiceError(
        'BAD_REQUEST',
        `${name}: sessions over HTTP share a browser, which has been started already`,
      );
    }
    if (IGNORED.includes(name)) onIgnored(name);
  }
}

function timeoutOf(
  query: URLSearchParams,
  { limits, maxTimeoutMs }: Pick<SessionOptions, 'limits' | 'maxTimeoutMs'>,
): number | null {
  const given = query.get('timeout');
  if (given === null) return limits.runMs;
  const limit = maxTimeoutMs === null ? 'or -1 for no limit' : `to ${maxTimeoutMs}`;
  if (given === '-1' && maxTimeoutMs === null) return null;
  const value = Number(given);
  if (!/^\d+$/.test(given) || value < 1 || value > (maxTimeoutMs ?? Number.MAX_SAFE_INTEGER)) {
    throw new ServiceError('BAD_REQUEST', `timeout: must be whole ms from 1 ${limit}`);
  }
  return value;
}

function trackingIdOf(query: URLSearchParams): string | null {
  const given = query.get('trackingId');
  if (given !== null && !/^[0-9A-Za-z_-]{1,32}$/.test(given)) {
    throw new ServiceError('BAD_REQUEST', 'trackingId: must be 1 to 32 letters, digits, _ or -');
  }
  return given;
}
