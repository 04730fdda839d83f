/**
 * The gauges of what main holds. When a snapshot is made they are read from the truth, such as the size of a map. No
 * count is kept beside it. Main thread.
 */
import type { Admission } from '../admission/admission.js';
import type { CellOf, RecordDelta } from '../metrics/delta.js';
import type { Collect } from '../metrics/snapshot.js';
import type { Pool } from '../pool/pool.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';
import { SHARD_ROLE, type Shards } from './shards.js';

export function collectSessions(
  cellOf: CellOf,
  of: {
    readonly admission: Admission;
    readonly kinds: readonly SessionKind[];
    readonly slots: number;
    readonly queueLimit: number;
    readonly overloaded: () => Readonly<Record<'cpu' | 'memory' | 'queue', boolean>>;
  },
): Collect {
  const active = of.kinds.map((kind) => ({ kind, cell: cellOf('headcount_sessions_active', kind) }));
  const limit = cellOf('headcount_sessions_limit');
  const length = cellOf('headcount_queue_length');
  const queueLimit = cellOf('headcount_queue_limit');
  const oldest = cellOf('headcount_queue_oldest_enqueued_timestamp_seconds');
  const resources = (['cpu', 'memory', 'queue'] as const).map((resource) => ({
    resource,
    cell: cellOf('headcount_overloaded', resource),
  }));
  return (set) => {
    const overloaded = of.overloaded();
    for (const { resource, cell } of resources) set(cell, overloaded[resource] ? 1 : 0);
    const running = of.admission.active();
    for (const { kind, cell } of active) set(cell, running.filter((session) => session.kind === kind).length);
    set(limit, of.slots);
    set(length, of.admission.queueLength());
    set(queueLimit, of.queueLimit);
    set(oldest, of.admission.oldestEnqueuedEpochMs());
  };
}

export function collectPool(cellOf: CellOf, of: { readonly pool: Pool; readonly isDraining: () => boolean }): Collect {
  const cells = (['idle', 'busy', 'starting', 'draining'] as const).map((state) => ({
    state,
    cell: cellOf('headcount_workers', state),
  }));
  return (set) => {
    const states = of.pool.states().map(({ state }) => (of.isDraining() && state !== 'starting' ? 'draining' : state));
    for (const { state, cell } of cells) set(cell, states.filter((one) => one === state).length);
  };
}

export function collectBrowsers(cellOf: CellOf, shards: Shards): Collect {
  const alive = cellOf('headcount_browsers', SHARD_ROLE);
  return (set) => set(alive, shards.allPids().flat().length);
}

export function collectHistory(cellOf: CellOf, of: { readonly periods: number; readonly rows: () => number }): Collect {
  const rows = cellOf('headcount_history_rows');
  const limit = cellOf('headcount_history_rows_limit');
  return (set) => {
    set(rows, of.rows());
    set(limit, of.periods + 1);
  };
}

/** Values that never change, set once. */
export function setInfo(record: RecordDelta, cellOf: CellOf, labels: readonly [string, string, string, string]): void {
  record(cellOf('headcount_build_info', ...labels), 1);
  record(cellOf('nodejs_version_info', labels[1]), 1);
}
