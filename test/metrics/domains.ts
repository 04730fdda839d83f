/**
 * The closed lists of label values that tests and benches of the metrics share. They have the size of a server with
 * four workers, so measurements are realistic.
 */

import { REJECTION_REASONS, SESSION_FAILURE_REASONS } from '../../src/failures.js';
import { COLLECTORS, type Domains } from '../../src/metrics/family.js';
import { EGRESS_DIRECTIONS, EGRESS_REFUSALS } from '../../src/protocol/egress.js';
import { JOB_KINDS } from '../../src/protocol/jobs/jobs.js';
import {
  BROWSER_EXIT_REASONS,
  BROWSER_ROLES,
  LAUNCH_FAILURE_REASONS,
  NETWORK_ERRORS,
  PHASES,
  PREWARM_RESULTS,
  REFUSED_METHODS,
  WORKER_EXIT_REASONS,
} from '../../src/protocol/names.js';

export const DOMAINS: Domains = {
  kind: JOB_KINDS,
  failure: SESSION_FAILURE_REASONS,
  rejection: REJECTION_REASONS,
  phase: PHASES,
  prewarm: PREWARM_RESULTS,
  role: BROWSER_ROLES,
  browserExit: BROWSER_EXIT_REASONS,
  launchFailure: LAUNCH_FAILURE_REASONS,
  workerExit: WORKER_EXIT_REASONS,
  workerState: ['idle', 'busy', 'starting', 'draining'],
  worker: ['0', '1', '2', '3'],
  netError: [...NETWORK_ERRORS, 'other'],
  egressDirection: EGRESS_DIRECTIONS,
  egressRefusal: EGRESS_REFUSALS,
  cdpMethod: [...REFUSED_METHODS, 'other'],
  flushFailure: ['no_space', 'io'],
  dropReason: ['lane_full', 'invalid'],
  resource: ['cpu', 'memory', 'queue'],
  route: ['/', '/metrics', '/metrics/all', '/prometheus', '/pressure', '/screenshot', '/pdf', '/content', 'other'],
  method: ['GET', 'HEAD', 'POST', 'other'],
  code: ['200', '204', '304', '400', '401', '404', '408', '429', '499', '500', '502', '503', 'other'],
  collector: COLLECTORS,
  processType: ['browser', 'renderer', 'gpu', 'utility', 'zygote', 'other'],
  gcKind: ['minor', 'major', 'incremental', 'weakcb'],
  version: ['0.1.0'],
  node: ['v20.0.0'],
  playwright: ['1.65.1'],
  chromium: ['156.0.0.0'],
};
