/**
 * The metrics of the server itself: build, host, the pipeline of deltas, history, collectors, process, Node.js.
 * Part of the one table of `../families.ts`; pure data.
 */
import type { Family } from '../family.js';

const MS_PER_SECOND = 1000;
const FLUSH_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const FOLD_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const GC_SECONDS = [0.0001, 0.001, 0.01, 0.1, 1];

export const SERVER_FAMILIES = [
  {
    name: 'headcount_build_info',
    type: 'gauge',
    labels: { version: 'version', node: 'node', playwright: 'playwright', chromium: 'chromium' },
    help: 'Always 1; the labels tell the versions in use.',
  },
  {
    name: 'headcount_overloaded',
    type: 'gauge',
    labels: { resource: 'resource' },
    collector: 'sessions',
    help: '1 while a resource is over its limit: cpu or memory as a mean over 5 s, or the queue with all slots taken.',
  },
  {
    name: 'headcount_cpu_ratio',
    type: 'gauge',
    row: { kind: 'cpu' },
    help: 'CPU in use over the CPUs that apply (cgroup, else host), sampled once a second.',
  },
  {
    name: 'headcount_memory_ratio',
    type: 'gauge',
    row: { kind: 'memory' },
    help: 'Memory in use over the limit that applies (cgroup, else host), sampled once a second.',
  },
  { name: 'headcount_deltas_total', type: 'counter', help: 'Stat deltas from worker threads folded.' },
  {
    name: 'headcount_deltas_dropped_total',
    type: 'counter',
    labels: { reason: 'dropReason' },
    help: 'Stat deltas from worker threads lost; anything but 0 is a fault of headcount.',
  },
  {
    name: 'headcount_delta_fold_delay_seconds',
    type: 'histogram',
    buckets: FOLD_SECONDS,
    divisor: MS_PER_SECOND,
    help: 'Time from the writing of a stat delta on a worker thread to its folding.',
  },
  { name: 'headcount_history_rows', type: 'gauge', collector: 'history', help: 'Rows held, the live one included.' },
  { name: 'headcount_history_rows_limit', type: 'gauge', collector: 'history', help: 'Most rows that are held.' },
  {
    name: 'headcount_history_flush_duration_seconds',
    type: 'histogram',
    buckets: FLUSH_SECONDS,
    divisor: MS_PER_SECOND,
    help: 'Time to write what is new to the history file, once a second.',
  },
  {
    name: 'headcount_history_flush_failures_total',
    type: 'counter',
    labels: { reason: 'flushFailure' },
    help: 'Tries to have or to write the history file that failed; the rows are held in memory.',
  },
  {
    name: 'headcount_collector_duration_seconds',
    type: 'gauge',
    labels: { collector: 'collector' },
    divisor: MS_PER_SECOND,
    help: 'Time a collector took for this scrape.',
  },
  {
    name: 'headcount_collector_success',
    type: 'gauge',
    labels: { collector: 'collector' },
    help: '1 when a collector succeeded for this scrape, else 0 and its families are absent.',
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    divisor: MS_PER_SECOND,
    collector: 'process',
    help: 'User and system CPU time of the server process, Chromium not included.',
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    collector: 'process',
    help: 'Resident memory of the server process, Chromium not included.',
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    divisor: MS_PER_SECOND,
    collector: 'process',
    help: 'When the server process started, in seconds since the epoch.',
  },
  { name: 'process_open_fds', type: 'gauge', collector: 'process', help: 'File descriptors open.' },
  { name: 'process_max_fds', type: 'gauge', collector: 'process', help: 'Most file descriptors that may be open.' },
  { name: 'nodejs_heap_used_bytes', type: 'gauge', collector: 'nodejs', help: 'JavaScript heap in use, main thread.' },
  {
    name: 'nodejs_heap_size_bytes',
    type: 'gauge',
    collector: 'nodejs',
    help: 'JavaScript heap reserved, main thread.',
  },
  {
    name: 'nodejs_external_memory_bytes',
    type: 'gauge',
    collector: 'nodejs',
    help: 'Memory of objects outside the JavaScript heap, main thread.',
  },
  {
    name: 'nodejs_eventloop_active_seconds_total',
    type: 'counter',
    divisor: MS_PER_SECOND,
    collector: 'nodejs',
    help: 'Time the event loop of the main thread was active.',
  },
  {
    name: 'nodejs_eventloop_idle_seconds_total',
    type: 'counter',
    divisor: MS_PER_SECOND,
    collector: 'nodejs',
    help: 'Time the event loop of the main thread was idle.',
  },
  {
    name: 'nodejs_gc_duration_seconds',
    type: 'histogram',
    labels: { kind: 'gcKind' },
    buckets: GC_SECONDS,
    divisor: MS_PER_SECOND,
    help: 'Garbage collections of the main thread, every one.',
  },
  { name: 'nodejs_version_info', type: 'gauge', labels: { version: 'node' }, help: 'Always 1; the Node.js in use.' },
] as const satisfies readonly Family[];
