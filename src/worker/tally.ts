/**
 * What a worker counts, by its own names. Out: stat deltas into the thread's lane. Runs in a worker thread. Cells are
 * resolved once, and recording allocates nothing.
 */
import type { RecordDelta } from '../metrics/delta.js';
import type { Layout } from '../metrics/layout.js';
import { NETWORK_ERRORS, PHASES, type Phase } from '../protocol/names.js';
import { type ClientTally, createClientTally } from './client-tally.js';

export interface Tally {
  phase(phase: Phase, ms: number): void;
  prewarm(result: 'hit' | 'miss'): void;
  pageCrash(): void;
  /** A main navigation failed. An error that is not in the list counts as `other`. */
  networkFailure(error: string): void;
  /** Of clients over WebSocket. Written with each report, and when one of their sessions is over. */
  readonly clients: ClientTally;
  /** The worker's own state, once a second: gauges as they are, active and idle time since the last report. */
  report(state: WorkerState): void;
  contextsLeaked(count: number): void;
}

export interface WorkerState {
  readonly epochMs: number;
  readonly activeMs: number;
  readonly idleMs: number;
  readonly heapUsedBytes: number;
  readonly contextsOpen: number;
  readonly pagesOpen: number;
}

export function createTally(record: RecordDelta, layout: Layout, workerIndex: number): Tally {
  const worker = String(workerIndex);
  const phases = Object.fromEntries(
    PHASES.map((phase) => [phase, layout.cellOf('headcount_session_phase_duration_seconds', phase)]),
  );
  const errors = new Map(
    [...NETWORK_ERRORS, 'other'].map((error) => [error, layout.cellOf('headcount_network_failures_total', error)]),
  );
  const other = layout.cellOf('headcount_network_failures_total', 'other');
  const hit = layout.cellOf('headcount_prewarm_total', 'hit');
  const miss = layout.cellOf('headcount_prewarm_total', 'miss');
  const crash = layout.cellOf('headcount_page_crashes_total');
  const active = layout.cellOf('headcount_worker_eventloop_active_seconds_total', worker);
  const idle = layout.cellOf('headcount_worker_eventloop_idle_seconds_total', worker);
  const heap = layout.cellOf('headcount_worker_heap_used_bytes', worker);
  const lastReport = layout.cellOf('headcount_worker_last_report_timestamp_seconds', worker);
  const contexts = layout.cellOf('headcount_contexts_open', worker);
  const leaked = layout.cellOf('headcount_contexts_leaked', worker);
  const pages = layout.cellOf('headcount_pages_open', worker);
  const clients = createClientTally(record, layout);
  return {
    phase: (phase, ms) => record(phases[phase] ?? 0, ms),
    prewarm: (result) => record(result === 'hit' ? hit : miss, 1),
    pageCrash: () => record(crash, 1),
    contextsLeaked: (count) => record(leaked, count),
    networkFailure: (error) => record(errors.get(error) ?? other, 1),
    clients,
    report(state) {
      clients.flush();
      record(active, state.activeMs);
      record(idle, state.idleMs);
      record(heap, state.heapUsedBytes);
      record(contexts, state.contextsOpen);
      record(pages, state.pagesOpen);
      record(lastReport, state.epochMs);
    },
  };
}
