/**
 * The gauges of what main holds, read from the truth when a snapshot is made: the size of a map, never a count kept
 * beside it. Main thread.
 */
import type { Admission } from '../admission/admission.js';
import type { Record as RecordDelta, SlotOf } from '../metrics/delta.js';
import type { Collect } from '../metrics/snapshot.js';
import type { Pool } from '../pool/pool.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';
import type { Shards } from './shards.js';

export function collectSessions(
  slotOf: SlotOf,
  of: {
    readonly admission: Admission;
    readonly kinds: readonly SessionKind[];
    readonly slots: number;
    readonly queueLimit: number;
    readonly overloaded: () => Readonly<Record<'cpu' | 'memory' | 'queue', boolean>>;
  },
): Collect {
  const active = of.kinds.map((kind) => ({ kind, slot: slotOf('headcount_sessions_active', kind) }));
  const limit = slotOf('headcount_sessions_limit');
  const length = slotOf('headcount_queue_length');
  const queueLimit = slotOf('headcount_queue_limit');
  const oldest = slotOf('headcount_queue_oldest_enqueued_timestamp_seconds');
  const resources = (['cpu', 'memory', 'queue'] as const).map((resource) => ({
    resource,
    slot: slotOf('headcount_overloaded', resource),
  }));
  return (set) => {
    const overloaded = of.overloaded();
    for (const { resource, slot } of resources) set(slot, overloaded[resource] ? 1 : 0);
    const running = of.admission.active();
    for (const { kind, slot } of active) set(slot, running.filter((session) => session.kind === kind).length);
    set(limit, of.slots);
    set(length, of.admission.queueLength());
    set(queueLimit, of.queueLimit);
    set(oldest, of.admission.oldestEnqueuedEpochMs());
  };
}

export function collectPool(slotOf: SlotOf, of: { readonly pool: Pool; readonly isDraining: () => boolean }): Collect {
  const slots = (['idle', 'busy', 'starting', 'draining'] as const).map((state) => ({
    state,
    slot: slotOf('headcount_workers', state),
  }));
  return (set) => {
    const states = of.pool.states().map(({ state }) => (of.isDraining() && state !== 'starting' ? 'draining' : state));
    for (const { state, slot } of slots) set(slot, states.filter((one) => one === state).length);
  };
}

export function collectBrowsers(slotOf: SlotOf, shards: Shards): Collect {
  const alive = slotOf('headcount_browsers', 'shard');
  return (set) => set(alive, shards.pids().filter((pid) => pid !== null).length);
}

export function collectHistory(slotOf: SlotOf, of: { readonly periods: number; readonly rows: () => number }): Collect {
  const rows = slotOf('headcount_history_rows');
  const limit = slotOf('headcount_history_rows_limit');
  return (set) => {
    set(rows, of.rows());
    set(limit, of.periods + 1);
  };
}

/** What never changes: set once. */
export function setInfo(record: RecordDelta, slotOf: SlotOf, labels: readonly [string, string, string, string]): void {
  record(slotOf('headcount_build_info', ...labels), 1);
  record(slotOf('nodejs_version_info', labels[1]), 1);
}
