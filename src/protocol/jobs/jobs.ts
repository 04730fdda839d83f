/**
 * The kinds of jobs, as main knows them: a file and a row each, and a row in `worker/jobs/jobs.ts` for how it is run.
 * Two tables, because workers must not load the schemas and main must not load what runs a job; the compiler names a
 * kind that one of them lacks. Pure.
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

/** Sessions that only tests and benches may ask for; the label exists only where they are switched on. */
export const TEST_KIND = 'test';
export type JobKind = Exclude<keyof typeof JOBS, typeof TEST_KIND>;

/** One route and one label value each. */
export const JOB_KINDS: readonly JobKind[] = Object.keys(JOBS).filter((kind): kind is JobKind => kind !== TEST_KIND);

/** Sessions over WebSocket, which have no body. */
export const CDP_KIND: CdpJob['kind'] = 'cdp';
export type SessionKind = keyof typeof JOBS | typeof CDP_KIND;
/** What anybody may ask for. */
export const SESSION_KINDS: readonly SessionKind[] = [...JOB_KINDS, CDP_KIND];
