/**
 * `test`, as main knows it: what a test or a bench may ask of a worker. Its route exists only where it is switched on.
 * Pure.
 */
import { Type } from 'typebox';
import type { JobRow } from './row.js';
import { closed, oneOf } from './schema-parts.js';

export const TEST_OPERATIONS = ['null', 'census', 'exit', 'throw', 'oom', 'reject', 'spin'] as const;

const Body = Type.Object({ operation: oneOf(TEST_OPERATIONS) }, closed);

export type TestBody = Type.Static<typeof Body>;

// It is not retryable: most operations end the thread, and on another thread they would end that one too.
export const test: JobRow<typeof Body> = {
  about: 'sessions without a page, for tests and benches',
  produces: ['application/octet-stream', 'application/json'],
  body: Body,
  raw: {},
  foreign: [],
  isRetryable: false,
};
