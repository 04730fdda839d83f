/**
 * The values of every label. Each comes from the table of the room that knows it. Pure.
 */
import { FAILURES, REJECTION_REASONS, SESSION_FAILURE_REASONS } from '../failures.js';
import { PROCESS_TYPES } from '../host/processes.js';
import { GC_KINDS } from '../host/self.js';
import { ROUTES, statusesOf, UPGRADES } from '../http/interface.js';
import { COLLECTORS, type Domains } from '../metrics/family.js';
import { EGRESS_DIRECTIONS, EGRESS_REFUSALS } from '../protocol/egress.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';
import {
  BROWSER_EXIT_REASONS,
  BROWSER_ROLES,
  LAUNCH_FAILURE_REASONS,
  NETWORK_ERRORS,
  PHASES,
  PREWARM_RESULTS,
  REFUSED_METHODS,
  WORKER_EXIT_REASONS,
} from '../protocol/names.js';
import { FLUSH_FAILURE_REASONS } from '../store/files.js';
import type { Versions } from './versions.js';

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'other'] as const;

/** 304 is the answer when a client already has the body with that tag. */
const codes = new Set([
  ...statusesOf(ROUTES),
  ...statusesOf(UPGRADES),
  304,
  ...Object.values(FAILURES).map(({ status }) => status),
]);
export const CODES: readonly string[] = [...[...codes].sort((a, b) => a - b).map(String), 'other'];

export function labelDomains(options: {
  readonly workers: number;
  readonly kinds: readonly SessionKind[];
  /** The paths of all routes. */
  readonly routes: readonly string[];
  readonly versions: Versions;
}): Domains {
  const { versions } = options;
  return {
    kind: options.kinds,
    failure: SESSION_FAILURE_REASONS,
    rejection: REJECTION_REASONS,
    phase: PHASES,
    prewarm: PREWARM_RESULTS,
    role: BROWSER_ROLES,
    browserExit: BROWSER_EXIT_REASONS,
    launchFailure: LAUNCH_FAILURE_REASONS,
    workerExit: WORKER_EXIT_REASONS,
    workerState: ['idle', 'busy', 'starting', 'draining'],
    worker: Array.from({ length: options.workers }, (_, i) => String(i)),
    netError: [...NETWORK_ERRORS, 'other'],
    egressDirection: EGRESS_DIRECTIONS,
    egressRefusal: EGRESS_REFUSALS,
    cdpMethod: [...REFUSED_METHODS, 'other'],
    flushFailure: FLUSH_FAILURE_REASONS,
    dropReason: ['lane_full', 'invalid'],
    resource: ['cpu', 'memory', 'queue'],
    route: [...options.routes, 'other'],
    method: METHODS,
    code: CODES,
    collector: COLLECTORS,
    processType: PROCESS_TYPES,
    gcKind: GC_KINDS,
    version: [versions.headcount],
    node: [versions.node],
    playwright: [versions.playwright],
    chromium: [versions.chromium],
  };
}
