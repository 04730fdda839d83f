/**
 * The kinds of jobs as main knows them: a file and a row each. Another table, `worker/jobs/jobs.ts`, says how each is
 * run: workers must not load the schemas, and main must not load what runs a job. The compiler names a kind that one of
 * the tables lacks. Pure.
 */
import type { Type } from 'typebox';
import type { CdpJob } from '../cdp.js';
import { content } from './content.js';
import { pdf } from './pdf.js';
import type { JobTable } from './row.js';
import { screenshot } from './screenshot.js';
import { test } from './test.js';

export const JOBS = { screenshot, pdf, content, test } satisfies JobTable;

export type BodyOf<K extends keyof typeof JOBS> = Type.Static<(typeof JOBS)[K]['body']>;

/** Sessions of tests and benches. The label value exists only where they are switched on. */
export const TEST_KIND = 'test';
export type JobKind = Exclude<keyof typeof JOBS, typeof TEST_KIND>;

/** Each has one route and one label value. */
export const JOB_KINDS: readonly JobKind[] = Object.keys(JOBS).filter((kind): kind is JobKind => kind !== TEST_KIND);

/** Sessions over WebSocket, which have no body. */
export const CDP_KIND: CdpJob['kind'] = 'cdp';
export type SessionKind = keyof typeof JOBS | typeof CDP_KIND;
/** What clients may ask for. */
export const SESSION_KINDS: readonly SessionKind[] = [...JOB_KINDS, CDP_KIND];
