/**
 * Reading the ring while it is written. A closed row is copied, on any thread, in under 2 µs, and a word of the open
 * row costs its one writer a few ns. Compared with a row in which every cell is atomic (`alternatives/atomic-row.ts`).
 * A snapshot of all counters takes under 50 µs without collectors.
 */

import { openRingReader } from '../../src/metrics/ring.js';
import { ROW_WORDS, W } from '../../src/metrics/row.js';
import { createCore, nextPeriod, runSession } from '../../test/metrics/core.js';
import { createAtomicRow } from '../alternatives/atomic-row.js';
import { medianMs, ratioOf } from '../measure.js';
import type { BenchRow } from '../row.js';

const PERIODS = 100;
const SESSIONS = 50;
const BATCH = 1_000;
const COPY_MICROSECONDS_MAX = 2;
const SNAPSHOT_MICROSECONDS_MAX = 50;

export async function run(): Promise<BenchRow[]> {
  const core = createCore({ periods: PERIODS });
  for (let period = 0; period < PERIODS; period++) {
    for (let i = 0; i < SESSIONS; i++) runSession(core, 20 * i);
    nextPeriod(core);
  }
  const reader = openRingReader(core.ring.buffer, { periods: PERIODS });
  const into = new Float64Array(ROW_WORDS);
  const open = core.ring.open();
  const atomicRow = createAtomicRow(ROW_WORDS);
  const atomicCounters = createAtomicRow(core.layout.size);
  const counters = new Float64Array(core.layout.size);
  const cpuCell = core.layout.cellOf('headcount_cpu_ratio');
  const ms = await medianMs({
    copy: () => {
      for (let i = 0; i < BATCH; i++) {
        if (!reader.copyRow(reader.closed() - 1 - (i % PERIODS), into)) throw new Error('a row is not held');
      }
    },
    atomicCopy: () => {
      for (let i = 0; i < BATCH; i++) atomicRow.copy(into);
    },
    add: () => {
      for (let i = 0; i < BATCH; i++) open[W.queueTime] = (open[W.queueTime] ?? 0) + i;
    },
    atomicAdd: () => {
      for (let i = 0; i < BATCH; i++) atomicRow.add(W.queueTime, i);
    },
    snapshot: () => {
      for (let i = 0; i < BATCH; i++) {
        core.record(cpuCell, 0.5);
        core.snapshot();
      }
    },
    atomicSnapshot: () => {
      for (let i = 0; i < BATCH; i++) atomicCounters.copy(counters);
    },
  });
  const row = (claim: string, { ours, theirs }: { ours: number; theirs: number }, max: number | null): BenchRow => ({
    claim,
    ours,
    compared: { with: 'an atomic a cell', value: theirs },
    ratio: ratioOf(theirs, ours),
    target: max === null ? null : `< ${max} µs`,
    isMet: max === null ? null : ours < max,
  });
  const micros = (batchMs: number): number => (batchMs / BATCH) * 1000;
  const copies = { ours: micros(ms.copy), theirs: micros(ms.atomicCopy) };
  const snapshots = { ours: micros(ms.snapshot), theirs: micros(ms.atomicSnapshot) };
  const adds = { ours: micros(ms.add) * 1000, theirs: micros(ms.atomicAdd) * 1000 };
  return [
    row(`µs to copy a closed row of ${ROW_WORDS} words`, copies, COPY_MICROSECONDS_MAX),
    row('ns to add to a word of the open row', adds, null),
    row(`µs to take a snapshot of ${core.layout.size} counters`, snapshots, SNAPSHOT_MICROSECONDS_MAX),
  ];
}
