/**
 * The metrics of what clients ask for and what becomes of it: requests, sessions, refusals, the queue. Part of the one
 * table of `../families.ts`; pure data.
 */
import type { Family } from '../family.js';

const MS_PER_SECOND = 1000;
const SESSION_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600, 900];
const WAIT_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const PHASE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const HTTP_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export const SESSION_FAMILIES = [
  {
    name: 'headcount_http_requests_total',
    type: 'counter',
    labels: { route: 'route', method: 'method', code: 'code' },
    sparse: true,
    quiet: true,
    help: 'HTTP requests answered; code 499 when the client left first.',
  },
  {
    name: 'headcount_http_request_duration_seconds',
    type: 'histogram',
    labels: { route: 'route' },
    quiet: true,
    buckets: HTTP_SECONDS,
    divisor: MS_PER_SECOND,
    help: 'Time from the head of a request to the end of its answer.',
  },
  {
    name: 'headcount_sessions_requested_total',
    type: 'counter',
    labels: { kind: 'kind' },
    help: 'Valid, authorized requests for a session.',
  },
  {
    name: 'headcount_sessions_queued_total',
    type: 'counter',
    row: { kind: 'add', word: 'queued' },
    help: 'Sessions that had to wait for a slot, counted when they start to wait.',
  },
  {
    name: 'headcount_sessions_started_total',
    type: 'counter',
    labels: { kind: 'kind' },
    row: { kind: 'started' },
    help: 'Sessions that got a slot.',
  },
  {
    name: 'headcount_sessions_total',
    type: 'counter',
    labels: { kind: 'kind' },
    row: { kind: 'settled' },
    help: 'Sessions settled, well or not.',
  },
  {
    name: 'headcount_session_failures_total',
    type: 'counter',
    labels: { kind: 'kind', reason: 'failure' },
    row: {
      kind: 'by',
      label: 'reason',
      words: {
        error: 'error',
        timeout: 'timedout',
        client_closed: 'error',
        page_crash: 'error',
        browser_crash: 'error',
        worker_crash: 'error',
        launch: 'error',
        killed: 'error',
        navigation: 'error',
        step_timeout: 'error',
        bad_request: 'error',
        page_error: 'error',
        policy: 'error',
      },
    },
    help: 'Sessions that settled as anything but successful, by reason.',
  },
  {
    name: 'headcount_requests_rejected_total',
    type: 'counter',
    labels: { reason: 'rejection' },
    row: {
      kind: 'by',
      label: 'reason',
      words: {
        queue_full: 'rejected',
        deadline: 'rejected',
        overload: 'unhealthy',
        draining: 'unavailable',
        no_browser: 'unavailable',
        expired: 'expired',
        abandoned: 'abandoned',
      },
    },
    help: 'Valid requests for a session that never got a slot, by reason.',
  },
  {
    name: 'headcount_unauthorized_total',
    type: 'counter',
    row: { kind: 'add', word: 'unauthorized' },
    help: 'Requests of any route turned away for a missing or wrong token.',
  },
  {
    name: 'headcount_session_duration_seconds',
    type: 'histogram',
    labels: { kind: 'kind' },
    buckets: SESSION_SECONDS,
    divisor: MS_PER_SECOND,
    row: { kind: 'runTime' },
    help: 'Run time of sessions, from getting the slot to settling.',
  },
  {
    name: 'headcount_queue_wait_duration_seconds',
    type: 'histogram',
    buckets: WAIT_SECONDS,
    divisor: MS_PER_SECOND,
    row: { kind: 'queueWait' },
    help: 'Time that sessions had waited when they got their slot; 0 for those that did not wait.',
  },
  {
    name: 'headcount_session_phase_duration_seconds',
    type: 'histogram',
    labels: { phase: 'phase' },
    buckets: PHASE_SECONDS,
    divisor: MS_PER_SECOND,
    help: 'Time that sessions spent in each phase; close comes after the answer.',
  },
  {
    name: 'headcount_sessions_active',
    type: 'gauge',
    labels: { kind: 'kind' },
    collector: 'sessions',
    help: 'Sessions running now.',
  },
  {
    name: 'headcount_sessions_limit',
    type: 'gauge',
    collector: 'sessions',
    help: 'Most sessions that may run at once.',
  },
  { name: 'headcount_queue_length', type: 'gauge', collector: 'sessions', help: 'Sessions waiting for a slot now.' },
  { name: 'headcount_queue_limit', type: 'gauge', collector: 'sessions', help: 'Most sessions that may wait.' },
  {
    name: 'headcount_session_busy_seconds_total',
    type: 'counter',
    divisor: MS_PER_SECOND,
    help: 'Slot-seconds used, disposal included: its rate over the limit is the utilisation.',
  },
  {
    name: 'headcount_queue_oldest_enqueued_timestamp_seconds',
    type: 'gauge',
    divisor: MS_PER_SECOND,
    collector: 'sessions',
    help: 'When the head of the queue came, in seconds since the epoch; 0 when none waits.',
  },
] as const satisfies readonly Family[];
