/**
 * The metrics core joined as the server joins it, over a fake clock: layout, lanes, ring, fold, snapshots and views.
 * Shared by the tests and the benches of `src/metrics/`.
 */

import type { RecordDelta } from '../../src/metrics/delta.js';
import { COLLECTORS, type Collector } from '../../src/metrics/family.js';
import { createFold, type Fold } from '../../src/metrics/fold.js';
import { createLanes, type LaneReader, openLaneReader, openLaneWriter } from '../../src/metrics/lane.js';
import { createLayout, type Layout } from '../../src/metrics/layout.js';
import { createRing, type Ring } from '../../src/metrics/ring.js';
import { type Collect, createSnapshots, type Snapshot } from '../../src/metrics/snapshot.js';
import { createHistoryView, type HistoryView, type SelectingView, type View } from '../../src/metrics/views/history.js';
import { createPrometheusView, type PrometheusView } from '../../src/metrics/views/prometheus.js';
import { createRowTexts } from '../../src/metrics/views/rows.js';
import { createTotalsView } from '../../src/metrics/views/totals.js';
import { DOMAINS } from './domains.js';
import { createFakeClock, type FakeClock } from './fake-clock.js';

export const PERIOD_MS = 300_000;
/** The start of a period. */
export const START_MS = 1_700_000_100_000;

export interface CoreOptions {
  readonly periods?: number;
  readonly laneCount?: number;
  readonly laneCapacity?: number;
  /** How long after the start of a period the server starts. */
  readonly lateMs?: number;
  readonly collectors?: Partial<Record<Collector, Collect>>;
}

export interface Core {
  readonly clock: FakeClock;
  readonly layout: Layout;
  readonly ring: Ring;
  readonly lanes: readonly LaneReader[];
  /** The writing ends of the lanes, by index. */
  readonly writers: readonly RecordDelta[];
  readonly fold: Fold;
  readonly record: RecordDelta;
  /** Collectors that threw, in the order in which they did. */
  readonly failures: Collector[];
  snapshot(): Snapshot;
  readonly history: HistoryView;
  readonly totals: SelectingView;
  readonly prometheus: PrometheusView;
}

export function createCore(options: CoreOptions = {}): Core {
  const { periods = 2016, laneCount = 2, laneCapacity = 1024, lateMs = 0 } = options;
  const clock = createFakeClock(START_MS + lateMs);
  const layout = createLayout(DOMAINS);
  const shape = { laneCount, capacity: laneCapacity };
  const buffer = createLanes(shape);
  const indexes = Array.from({ length: laneCount }, (_, i) => i);
  const lanes = indexes.map((index) => openLaneReader(buffer, shape, index));
  const writers = indexes.map((index) => openLaneWriter(buffer, shape, { index, now: clock.monotonicMs }));
  const ring = createRing({ periods }, START_MS);
  const fold = createFold({ layout, ring, lanes, clock, periodMs: PERIOD_MS });
  const failures: Collector[] = [];
  const none: Collect = () => {};
  const collectors = Object.fromEntries(COLLECTORS.map((name) => [name, options.collectors?.[name] ?? none]));
  const texts = createRowTexts(ring);
  const retentionMs = periods * PERIOD_MS;
  return {
    clock,
    layout,
    ring,
    lanes,
    writers,
    fold,
    record: fold.record,
    failures,
    snapshot: createSnapshots({
      fold,
      layout,
      ring,
      clock,
      collectors: collectors as Record<Collector, Collect>,
      onError: (collector) => failures.push(collector),
    }),
    history: createHistoryView({ texts, retentionMs }),
    totals: createTotalsView({ texts, retentionMs }),
    prometheus: createPrometheusView(layout),
  };
}

/** Records a session from its request to its end, in the server's order. */
export function runSession(core: Core, runMs: number, failure?: string): void {
  startSession(core, 0);
  settleSession(core, runMs, failure);
}

export function startSession({ layout, record }: Core, queueMs: number): void {
  record(layout.cellOf('headcount_sessions_started_total', 'pdf'), 1);
  record(layout.cellOf('headcount_queue_wait_duration_seconds'), queueMs);
}

export function settleSession({ layout, record }: Core, runMs: number, failure?: string): void {
  record(layout.cellOf('headcount_sessions_total', 'pdf'), 1);
  if (failure !== undefined) record(layout.cellOf('headcount_session_failures_total', 'pdf', failure), 1);
  record(layout.cellOf('headcount_session_duration_seconds', 'pdf'), runMs);
}

/** Lets the open period end on time, and rolls. */
export function nextPeriod({ clock, fold }: Core): void {
  clock.pass(fold.untilRollMs());
  fold.roll();
}

export function textOf({ chunks }: View): string {
  return Buffer.concat(chunks).toString('utf8');
}
