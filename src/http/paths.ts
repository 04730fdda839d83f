/**
 * The paths of all routes: values of the label `route`, so they are known before the routes can be built. A route whose
 * path is missing here stops the start-up. Pure.
 */
import { JOB_KINDS } from '../protocol/jobs/jobs.js';

/** The prefixes that browserless v2 has; here they are all the same Chromium. */
export const SESSION_PREFIXES = ['', '/chromium', '/chrome'] as const;

export const TEST_PATH = '/test';

/** The files of the live page, all as one route. */
export const PAGE_FILE_PATH = '/page/:file';

export const PATHS: readonly string[] = [
  '/',
  PAGE_FILE_PATH,
  '/health/live',
  '/health/ready',
  '/active',
  '/pressure',
  '/config',
  '/meta',
  '/sessions',
  '/kill/all',
  '/kill/:id',
  '/events',
  '/metrics',
  '/metrics/all',
  '/metrics/total',
  '/prometheus',
  ...JOB_KINDS.flatMap((kind) => SESSION_PREFIXES.map((prefix) => `${prefix}/${kind}`)),
];
