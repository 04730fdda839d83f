/**
 * In: a request; out: a checked job. The body comes as JSON, from the query, or raw in a media type that its kind
 * takes. The one door to iconv-lite. Main thread.
 */
import assert from 'node:assert/strict';
import iconv from 'iconv-lite';
import { ServiceError } from '../failures.js';
import type { Job } from '../protocol/job.js';
import { JOBS } from '../protocol/jobs/jobs.js';
import { complaint, type JobRow, type JobTable } from '../protocol/jobs/row.js';
import { createBodies } from './body.js';
import type { Request } from './route.js';
import { createValidate } from './validate.js';

/** As clients of v1 write it. */
const PROXY_FLAG = '--proxy-server';

interface Given {
  readonly body?: string;
  readonly acceptInsecureCerts?: boolean;
  readonly ignoreHTTPSErrors?: boolean;
  readonly externalProxyServer?: string;
  readonly [PROXY_FLAG]?: string;
}

type Asked = Request<Given>;

export interface JobReaderOptions {
  readonly maxPayloadBytes: number;
  readonly allowsInsecureCerts: boolean;
  readonly allowsClientProxy: boolean;
  /** Told of a key of a body that has no effect here. */
  readonly onIgnored: (name: string) => void;
}

const JSON_TYPE = 'application/json';

/**
 * Checks the head, and returns a function that reads the rest.
 * @throws {ServiceError} UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE; the returned function: BAD_REQUEST,
 * PAYLOAD_TOO_LARGE
 * @throws {BodiesFull} the returned function
 */
export type JobReader = (kind: string, request: Asked) => () => Promise<Job>;

/** For the kinds of the table only. */
export function createJobReader(options: JobReaderOptions, jobs: JobTable = JOBS): JobReader {
  const { maxPayloadBytes, onIgnored } = options;
  const bodies = createBodies(maxPayloadBytes);
  const kinds = new Map(
    Object.entries(jobs).map(([kind, row]) => [kind, { row, validate: createValidate(kind, row, onIgnored) }]),
  );
  return (kind, request) => {
    const known = kinds.get(kind);
    assert(known);
    const { row } = known;
    const { given } = request;
    const fromQuery = keysOf(given);
    checkAllowed(fromQuery, options, given.externalProxyServer === undefined ? PROXY_FLAG : 'externalProxyServer');
    const validate = (body: unknown): Job => {
      const job = known.validate(joined(body, fromQuery));
      checkAllowed(job.body, options);
      return job;
    };
    if (request.method === 'GET') {
      return async () => validate(parseJson(given.body ?? '', 'the query parameter body'));
    }
    const key = rawKeyOf(request, row);
    const decode = decoderOf(request);
    bodies.checkHead(request.raw);
    return async () => {
      request.askForBody();
      const body = decode(await bodies.read(request.raw));
      return validate(key === undefined ? parseJson(body, 'the body') : { [key]: body });
    };
  };
}

/** The key whose value a raw body is; undefined: the body is JSON. */
function rawKeyOf({ headers }: Asked, { raw }: JobRow): string | undefined {
  const type = (headers['content-type'] ?? JSON_TYPE).split(';')[0]?.trim().toLowerCase() ?? '';
  const key = Object.hasOwn(raw, type) ? raw[type] : undefined;
  if (type !== JSON_TYPE && key === undefined) {
    const types = [JSON_TYPE, ...Object.keys(raw)].join(' or ');
    throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', `the body must be ${types}, not ${type}`);
  }
  return key;
}

/** The charset of `Content-Type`, else UTF-8. A byte order mark is no part of a text. */
function decoderOf({ headers }: Asked): (bytes: Buffer) => string {
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '') ?? [];
  if (!iconv.encodingExists(charset)) {
    throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', `the charset ${charset} of the body is not known here`);
  }
  return (bytes) => iconv.decode(bytes, charset);
}

/** Keys that the query says in place of the body. */
function keysOf(given: Given): object {
  const server = given.externalProxyServer ?? given[PROXY_FLAG];
  return {
    ...(given.acceptInsecureCerts || given.ignoreHTTPSErrors ? { acceptInsecureCerts: true } : {}),
    ...(server === undefined ? {} : { proxy: { server } }),
  };
}

/** A body that is no object is left as it is, and refused later. */
function joined(body: unknown, fromQuery: object): unknown {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  return isObject ? { ...body, ...fromQuery } : body;
}

function checkAllowed(body: object, allowed: JobReaderOptions, proxyKey = 'proxy'): void {
  if ('acceptInsecureCerts' in body && body.acceptInsecureCerts && !allowed.allowsInsecureCerts)
    throw complaint('acceptInsecureCerts', 'must be false, since only ALLOW_INSECURE_CERTS=true allows it');
  if ('proxy' in body && !allowed.allowsClientProxy)
    throw complaint(proxyKey, 'must not be there, since only ALLOW_CLIENT_PROXY=true allows it');
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
