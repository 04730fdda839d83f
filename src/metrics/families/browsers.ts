/**
 * The metrics of browsers and the worker threads that drive them.
 * Part of the one table of `../families.ts`; pure data.
 */
import type { Family } from '../family.js';

const MS_PER_SECOND = 1000;
const LAUNCH_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30];

export const BROWSER_FAMILIES = [
  {
    name: 'headcount_browsers',
    type: 'gauge',
    labels: { role: 'role' },
    collector: 'browsers',
    help: 'Browser processes alive.',
  },
  {
    name: 'headcount_contexts_open',
    type: 'gauge',
    labels: { worker: 'worker' },
    isSummed: true,
    help: 'Browser contexts open, those kept ready included, as last reported by the worker (once a second).',
  },
  {
    name: 'headcount_pages_open',
    type: 'gauge',
    labels: { worker: 'worker' },
    isSummed: true,
    help: 'Pages open, those kept ready included, as last reported by the worker (once a second).',
  },
  {
    name: 'headcount_contexts_leaked',
    type: 'gauge',
    labels: { worker: 'worker' },
    isSummed: true,
    help: 'Contexts that Chromium has and neither a session nor a prewarm owns, in two samples 5 s apart.',
  },
  {
    name: 'headcount_browser_launches_total',
    type: 'counter',
    labels: { role: 'role' },
    help: 'Browser processes started.',
  },
  {
    name: 'headcount_browser_launch_failures_total',
    type: 'counter',
    labels: { reason: 'launchFailure' },
    help: 'Browsers that could not be started or attached to.',
  },
  {
    name: 'headcount_browser_launch_duration_seconds',
    type: 'histogram',
    buckets: LAUNCH_SECONDS,
    divisor: MS_PER_SECOND,
    help: 'Time from starting a browser to a worker being attached to it.',
  },
  {
    name: 'headcount_browser_exits_total',
    type: 'counter',
    labels: { reason: 'browserExit' },
    help: 'Browser processes gone, by reason.',
  },
  { name: 'headcount_page_crashes_total', type: 'counter', help: 'Renderer crashes, of pages kept ready too.' },
  {
    name: 'headcount_prewarm_total',
    type: 'counter',
    labels: { result: 'prewarm' },
    help: 'Sessions that found a page ready (hit), or waited for one to be made (miss).',
  },
  {
    name: 'headcount_chromium_processes',
    type: 'gauge',
    labels: { process: 'processType' },
    help: 'Chromium processes alive by type, sampled every 2 s, at rest every 10 s.',
  },
  {
    name: 'headcount_chromium_memory_bytes',
    type: 'gauge',
    labels: { worker: 'worker' },
    help: "Resident memory (RssAnon) of a worker's Chromium processes, sampled every 2 s, at rest every 10 s.",
  },
  {
    name: 'headcount_chromium_cpu_seconds_total',
    type: 'counter',
    labels: { worker: 'worker' },
    divisor: MS_PER_SECOND,
    help: "CPU time of a worker's Chromium processes, exited ones included, sampled every 2 s, at rest every 10 s.",
  },
  {
    name: 'headcount_network_failures_total',
    type: 'counter',
    labels: { error: 'netError' },
    help: 'Main navigations that failed, by the error that Chromium gave.',
  },
  {
    name: 'headcount_workers',
    type: 'gauge',
    labels: { state: 'workerState' },
    collector: 'pool',
    help: 'Worker threads by state.',
  },
  {
    name: 'headcount_worker_restarts_total',
    type: 'counter',
    labels: { reason: 'workerExit' },
    help: 'Worker threads that ended unasked and were replaced.',
  },
  {
    name: 'headcount_worker_eventloop_active_seconds_total',
    type: 'counter',
    labels: { worker: 'worker' },
    divisor: MS_PER_SECOND,
    help: 'Time the event loop of a worker thread was active.',
  },
  {
    name: 'headcount_worker_eventloop_idle_seconds_total',
    type: 'counter',
    labels: { worker: 'worker' },
    divisor: MS_PER_SECOND,
    help: 'Time the event loop of a worker thread was idle.',
  },
  {
    name: 'headcount_worker_heap_used_bytes',
    type: 'gauge',
    labels: { worker: 'worker' },
    help: 'JavaScript heap in use by a worker thread, as last reported (once a second).',
  },
  {
    name: 'headcount_worker_last_report_timestamp_seconds',
    type: 'gauge',
    labels: { worker: 'worker' },
    divisor: MS_PER_SECOND,
    help: 'When a worker thread last reported, in seconds since the epoch; 0 before the first report.',
  },
] as const satisfies readonly Family[];
