/**
 * Folds deltas into the counters since start and into the open row of the ring; the only writer of both. Main thread.
 * In: records of the lanes, main's own deltas, the passing of time. Out: the arrays, which `snapshot` reads.
 *
 * What a cell does is looked up in arrays that are made once from the table. So folding a delta is a switch over two
 * small numbers, without names and without allocation.
 */
import assert from 'node:assert/strict';
import type { Clock } from '../clock.js';
import type { RecordDelta } from './delta.js';
import type { FamilyType, RowEffect } from './family.js';
import { bucketIndex } from './histogram.js';
import type { LaneReader } from './lane.js';
import type { Layout, PlacedFamily, Series } from './layout.js';
import type { Ring } from './ring.js';
import { HISTOGRAM_OFFSET, W } from './row.js';

const OPS: Readonly<{ [T in FamilyType]: number }> = { counter: 1, gauge: 2, histogram: 3 };
const EFFECTS: Readonly<{ [K in RowEffect['kind']]: number }> = {
  add: 1,
  by: 1,
  started: 2,
  settled: 3,
  runTime: 4,
  queueWait: 5,
  cpu: 6,
  memory: 7,
};
const UNIT_MS = 30_000;

export interface Fold {
  /** float64[layout.size]: counters and histograms since start, gauges as they were set last. */
  readonly counters: Float64Array;
  readonly record: RecordDelta;
  /** Takes all that the workers have written. Called on a timer, before every read, and when a worker has died. */
  drain(): void;
  /** Drains, then closes the open row when its period is over. Called on a timer and before every read. */
  roll(): void;
  /** ms until the open row's period is over. */
  untilRollMs(): number;
  /** Grows with every delta that is not `quiet`. What was made from the arrays is current until it grows. */
  version(): number;
}

export function createFold(options: {
  readonly layout: Layout;
  readonly ring: Ring;
  readonly lanes: readonly LaneReader[];
  readonly clock: Clock;
  readonly periodMs: number;
  /** A row was opened whose period is earlier than the last row's. Dates of the two, epoch ms. */
  readonly onSetBack?: (from: number, to: number) => void;
}): Fold {
  const { layout, ring, lanes, clock } = options;
  const { ops, effects, effectWords, boundsOf, loud } = compile(layout);
  const counters = new Float64Array(layout.size);
  const foldedCell = layout.cellOf('headcount_deltas_total');
  const delayCell = layout.cellOf('headcount_delta_fold_delay_seconds');
  const fullCell = layout.cellOf('headcount_deltas_dropped_total', 'lane_full');
  const invalidCell = layout.cellOf('headcount_deltas_dropped_total', 'invalid');
  const periods = createPeriods({ ring, clock, periodMs: options.periodMs });
  let row = ring.open();
  let active = 0;
  let version = 0;
  let drainedAtMs = 0;

  const observe = (cell: number, value: number): void => {
    const bounds = boundsOf[cell];
    assert(bounds);
    let i = 0;
    while (i < bounds.length && value > (bounds[i] ?? 0)) i++;
    counters[cell + i] = (counters[cell + i] ?? 0) + 1;
    const sum = cell + bounds.length + 1;
    counters[sum] = (counters[sum] ?? 0) + value;
  };

  const runTime = (ms: number): void => {
    add(row, W.totalTime, ms);
    add(row, W.units, Math.ceil(ms / UNIT_MS));
    // `settled` was counted just before, so 1 means that this is the row's first session.
    if (row[W.settled] === 1 || ms < (row[W.minTime] ?? 0)) row[W.minTime] = ms;
    if (ms > (row[W.maxTime] ?? 0)) row[W.maxTime] = ms;
    add(row, HISTOGRAM_OFFSET + bucketIndex(ms), 1);
    ring.pushTime(ms);
  };

  const touchRow = (cell: number, value: number): void => {
    switch (effects[cell]) {
      case EFFECTS.add:
        add(row, effectWords[cell] ?? 0, value);
        break;
      case EFFECTS.started:
        active += value;
        if (active > (row[W.maxConcurrent] ?? 0)) row[W.maxConcurrent] = active;
        row[W.running] = active;
        break;
      case EFFECTS.settled:
        active -= value;
        add(row, W.settled, value);
        row[W.running] = active;
        break;
      case EFFECTS.runTime:
        runTime(value);
        break;
      case EFFECTS.queueWait:
        add(row, W.queueTime, value);
        if (value > (row[W.maxQueueTime] ?? 0)) row[W.maxQueueTime] = value;
        break;
      case EFFECTS.cpu:
        add(row, W.cpuSum, value);
        add(row, W.cpuCount, 1);
        break;
      case EFFECTS.memory:
        add(row, W.memorySum, value);
        add(row, W.memoryCount, 1);
        break;
    }
  };

  const apply = (cell: number, value: number): void => {
    version += loud[cell] ?? 0;
    if (ops[cell] === OPS.histogram) observe(cell, value);
    else if (ops[cell] === OPS.gauge) counters[cell] = value;
    else counters[cell] = (counters[cell] ?? 0) + value;
    if (effects[cell] !== 0) touchRow(cell, value);
  };

  const take = (cell: number, value: number, writtenAtMs: number): void => {
    // This memory is written by a thread that may have been killed. What cannot be a delta is counted as lost, never
    // used.
    if (!(cell >= 0 && cell < ops.length) || !ops[cell] || !(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      counters[invalidCell] = (counters[invalidCell] ?? 0) + 1;
      return;
    }
    apply(cell, value);
    counters[foldedCell] = (counters[foldedCell] ?? 0) + 1;
    const delayMs = drainedAtMs - writtenAtMs;
    observe(delayCell, delayMs > 0 && delayMs < Number.POSITIVE_INFINITY ? delayMs : 0);
  };

  const drain = (): void => {
    drainedAtMs = clock.monotonicMs();
    let dropped = 0;
    for (const lane of lanes) {
      lane.drain(take);
      dropped += lane.dropped();
    }
    counters[fullCell] = dropped;
  };

  return {
    counters,
    record(cell, value) {
      // Not by `assert(…)`: that would make a message of 70 bytes for each delta.
      const isDelta = value >= 0 && value < Number.POSITIVE_INFINITY && ops[cell];
      if (!isDelta) assert.fail(`delta ${value} for cell ${cell}`);
      apply(cell, value);
    },
    drain,
    roll() {
      const next = periods.next();
      if (next === null) {
        row[W.coveredMs] = periods.coveredMs();
        return;
      }
      // Lanes are drained before a row closes, not after, because a reader may already have the text of a closed row.
      drain();
      row[W.coveredMs] = periods.coveredMs();
      const date = row[W.date] ?? 0;
      ring.close(next);
      periods.opened();
      row = ring.open();
      row[W.running] = active;
      row[W.maxConcurrent] = active;
      version++;
      if (next < date) options.onSetBack?.(date, next);
    },
    untilRollMs: periods.untilRollMs,
    version: () => version,
  };
}

/** When the open row's period is over, and which date the next row has. */
function createPeriods({ ring, clock, periodMs }: { ring: Ring; clock: Clock; periodMs: number }) {
  const aligned = (): number => Math.floor(clock.epochMs() / periodMs) * periodMs;
  const open = (word: number): number => ring.open()[word] ?? 0;
  let openedAtMs = clock.monotonicMs();
  let coveredBefore = open(W.coveredMs);
  // At most one period: a restored row may have a later period when the wall clock was set back since.
  let endsAtMs = openedAtMs + periodMs - Math.max(0, clock.epochMs() - open(W.date));
  return {
    /**
     * The date of the next row, or null while the open one lasts. The monotonic clock ends a period, so a row does not
     * grow longer when the wall clock is set back. A wall clock that was set forward, or a machine that slept, ends the
     * row at once and leaves out the periods between. When the wall clock is behind the row by more than a period, the
     * row's date was wrong. Then the row ends too, and readers date it anew.
     */
    next(): number | null {
      const date = open(W.date);
      const wall = aligned();
      const next = clock.monotonicMs() >= endsAtMs ? date + periodMs : date;
      if (wall > date || next - wall > periodMs) return wall;
      return next > date ? next : null;
    },
    opened(): void {
      const lateMs = Math.max(0, clock.epochMs() - open(W.date));
      openedAtMs = clock.monotonicMs();
      coveredBefore = 0;
      endsAtMs = openedAtMs + periodMs - (lateMs < periodMs ? lateMs : 0);
    },
    /** ms of the open row's period in which the server was up. */
    coveredMs: (): number => Math.min(periodMs, coveredBefore + clock.monotonicMs() - openedAtMs),
    untilRollMs: (): number => {
      const leftMs = open(W.date) + periodMs - clock.epochMs();
      return leftMs > 2 * periodMs ? 0 : Math.max(0, Math.min(endsAtMs - clock.monotonicMs(), leftMs));
    },
  };
}

function add(words: Float64Array, at: number, value: number): void {
  words[at] = (words[at] ?? 0) + value;
}

/** The table as arrays by cell: what a delta does to the counters, and what to the row. */
function compile(layout: Layout) {
  const ops = new Uint8Array(layout.size);
  const effects = new Uint8Array(layout.size);
  const effectWords = new Uint8Array(layout.size);
  const loud = new Uint8Array(layout.size);
  const boundsOf: (Float64Array | undefined)[] = Array.from({ length: layout.size }, () => undefined);
  for (const placed of layout.families) {
    const bounds = Float64Array.from(placed.family.buckets ?? [], (le) => le * (placed.family.divisor ?? 1));
    for (const series of placed.series) {
      loud[series.cell] = placed.family.quiet ? 0 : 1;
      ops[series.cell] = OPS[placed.family.type];
      if (placed.family.type === 'histogram') boundsOf[series.cell] = bounds;
      effects[series.cell] = placed.family.row ? EFFECTS[placed.family.row.kind] : 0;
      effectWords[series.cell] = wordOf(placed, series);
    }
  }
  return { ops, effects, effectWords, boundsOf, loud };
}

function wordOf({ family }: PlacedFamily, { labels }: Series): number {
  if (family.row?.kind === 'add') return W[family.row.word];
  if (family.row?.kind !== 'by') return 0;
  const word = family.row.words[labels[family.row.label] ?? ''];
  assert(word, `${family.name} does not say which column ${JSON.stringify(labels)} belongs to`);
  return W[word];
}
