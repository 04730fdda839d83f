/**
 * From a request to a checked job: its body as JSON, from the query, or raw in a media type that its kind takes.
 * Main thread.
 */
import assert from 'node:assert/strict';
import { ServiceError } from '../failures.js';
import type { Job } from '../protocol/job.js';
import { JOBS } from '../protocol/jobs/jobs.js';
import type { JobRow, JobTable } from '../protocol/jobs/row.js';
import { readBody } from './body.js';
import type { Request } from './route.js';

type Asked = Request<{ readonly body?: string }>;

import { createValidate } from './validate.js';

const JSON_TYPE = 'application/json';

/** @throws {ServiceError} BAD_REQUEST, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE */
export type JobReader = (kind: string, request: Asked) => Promise<Job>;

/** For the kinds of the table, and no others. */
export function createJobReader(maxPayloadBytes: number, jobs: JobTable = JOBS): JobReader {
  const kinds = new Map(
    Object.entries(jobs).map(([kind, row]) => [kind, { row, validate: createValidate(kind, row) }]),
  );
  return async (kind, request) => {
    const known = kinds.get(kind);
    assert(known);
    return known.validate(await bodyOf(request, known.row, maxPayloadBytes));
  };
}

async function bodyOf(
  { method, given, headers, raw: message, askForBody }: Asked,
  { raw }: JobRow,
  maxPayloadBytes: number,
): Promise<unknown> {
  if (method === 'GET') return parseJson(given.body ?? '', 'the query parameter body');
  const type = (headers['content-type'] ?? JSON_TYPE).split(';')[0]?.trim().toLowerCase() ?? '';
  const key = Object.hasOwn(raw, type) ? raw[type] : undefined;
  if (type !== JSON_TYPE && key === undefined) {
    const types = [JSON_TYPE, ...Object.keys(raw)].join(' or ');
    throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', `the body must be ${types}, not ${type}`);
  }
  askForBody();
  const body = (await readBody(message, maxPayloadBytes)).toString('utf8');
  return key === undefined ? parseJson(body, 'the body') : { [key]: body };
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
