/**
 * The routes that run a session: a body becomes a job, an outcome becomes an answer. Main thread.
 */
import { randomUUID } from 'node:crypto';
import { ServiceError } from '../failures.js';
import type { Job, JobSpec, Succeeded } from '../protocol/job.js';
import { JOB_KINDS } from '../protocol/names.js';
import type { Settled, Submit } from '../protocol/running.js';
import { readBody } from './body.js';
import { SESSION_PREFIXES } from './paths.js';
import type { Answer, Request, Route } from './route.js';
import { createValidators } from './validate.js';

export interface SessionRouteOptions {
  readonly submit: Submit;
  readonly maxPayloadBytes: number;
  readonly isGetEnabled: boolean;
  /** null: without limit. */
  readonly timeoutMs: number | null;
  readonly maxTimeoutMs: number | null;
  /** Said once a name: a query parameter that browserless knows and that means nothing here. */
  readonly onIgnored: (name: string) => void;
}

/** Media types that a kind takes beside JSON: a page as it is. */
const RAW_HTML = 'text/html';

export function sessionRoutes(options: SessionRouteOptions): Route[] {
  const validators = createValidators();
  return JOB_KINDS.flatMap((kind) =>
    SESSION_PREFIXES.map((prefix) => ({
      path: `${prefix}/${kind}`,
      methods: options.isGetEnabled ? ['POST', 'GET'] : ['POST'],
      handle: async (request: Request) => {
        checkQuery(request.query, options);
        const spec = validators[kind](await bodyOf(request, options));
        return await runSession(options, request, spec);
      },
    })),
  );
}

/** Runs a spec as a session and answers with what came of it. */
export async function runSession(
  options: Pick<SessionRouteOptions, 'submit' | 'timeoutMs' | 'maxTimeoutMs'>,
  { query, signal, raw }: Request,
  spec: JobSpec,
): Promise<Answer> {
  const job: Job = {
    id: randomUUID(),
    spec,
    timeoutMs: timeoutOf(query, options),
    trackingId: trackingIdOf(query),
    remoteAddress: raw.socket.remoteAddress ?? null,
  };
  const settled = await options.submit(job, signal);
  const { outcome } = settled;
  if (!outcome.isOk) {
    const headers: Record<string, string> = { 'x-session-id': job.id };
    throw new ServiceError(outcome.code, outcome.message, { headers });
  }
  return answerOf(job, settled, outcome);
}

function answerOf(job: Job, { queueMs }: Settled, { body, contentType, answer, phases }: Succeeded): Answer {
  const timing = [
    `queue;dur=${queueMs}`,
    ...Object.entries(phases).map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`),
  ];
  const headers: Record<string, string> = {
    'Content-Type': contentType,
    'Cache-Control': 'no-store',
    'Server-Timing': timing.join(', '),
    'x-session-id': job.id,
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

async function bodyOf(request: Request, { maxPayloadBytes }: SessionRouteOptions): Promise<unknown> {
  if (request.method === 'GET') return parseJson(request.query.get('body') ?? '', 'the query parameter body');
  const type = (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json' && type !== RAW_HTML) {
    throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', `the body must be application/json or ${RAW_HTML}, not ${type}`);
  }
  const body = (await readBody(request.raw, maxPayloadBytes)).toString('utf8');
  return type === RAW_HTML ? { html: body } : parseJson(body, 'the body');
}

function parseJson(value: string, what: string): unknown {
  if (value.trim() === '') throw new ServiceError('BAD_REQUEST', `${what} is empty, expected a JSON object`);
  try {
    return JSON.parse(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw new ServiceError('BAD_REQUEST', `${what} is not JSON: ${reason}`);
  }
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
  { timeoutMs, maxTimeoutMs }: Pick<SessionRouteOptions, 'timeoutMs' | 'maxTimeoutMs'>,
): number | null {
  const given = query.get('timeout');
  if (given === null) return timeoutMs;
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
