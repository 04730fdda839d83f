/**
 * Folding the deltas of sessions: at least 5 million a second, recorded on main or drained from a lane, without
 * allocation. Compared with counters in objects by name (`alternatives/named-fold.ts`).
 */

import type { FamilyName } from '../../src/metrics/families.js';
import { type Core, createCore } from '../../test/metrics/core.js';
import { type NamedDelta, NamedFold } from '../alternatives/named-fold.js';
import { bytesEach, medianMs, ratioOf } from '../measure.js';
import type { BenchRow } from '../row.js';

const BATCH = 10_000;
const MILLION = 1_000_000;
const LANE_CAPACITY = 2 ** 14;
const TARGET_A_SECOND = 5 * MILLION;

/** The deltas of one session, in their order. */
const SESSION: readonly [name: FamilyName, label: string | null, value: number | null][] = [
  ['headcount_sessions_requested_total', 'kind pdf', 1],
  ['headcount_sessions_started_total', 'kind pdf', 1],
  ['headcount_queue_wait_duration_seconds', null, null],
  ['headcount_prewarm_total', 'result hit', 1],
  ['headcount_session_phase_duration_seconds', 'phase context', null],
  ['headcount_session_phase_duration_seconds', 'phase page', null],
  ['headcount_session_phase_duration_seconds', 'phase navigate', null],
  ['headcount_session_phase_duration_seconds', 'phase run', null],
  ['headcount_sessions_total', 'kind pdf', 1],
  ['headcount_session_duration_seconds', 'kind pdf', null],
  ['headcount_session_phase_duration_seconds', 'phase close', null],
  ['headcount_session_busy_seconds_total', null, null],
];

export async function run(): Promise<BenchRow[]> {
  const core = createCore({ laneCapacity: LANE_CAPACITY });
  const { cells, values } = makeDeltas(core);
  const recordBatch = (times: number): void => {
    for (let i = 0; i < times; i++) core.record(cells[i % BATCH] ?? 0, values[i % BATCH] ?? 0);
  };
  const drainBatch = (times: number): number => {
    let ms = 0;
    for (let done = 0; done < times; done += BATCH) {
      for (let i = 0; i < BATCH; i++) core.writers[0]?.(cells[i] ?? 0, values[i] ?? 0);
      const startMs = performance.now();
      core.fold.drain();
      ms += performance.now() - startMs;
    }
    return ms;
  };
  const named = new NamedFold();
  const namedDeltas = makeNamedDeltas(values);
  const ms = await medianMs({
    record: () => recordBatch(BATCH),
    drain: () => ({ overriddenDuration: drainBatch(BATCH) }),
    named: () => {
      for (const delta of namedDeltas) named.record(delta);
    },
  });
  const namedRate = rateOf(ms.named);
  return [
    ...[rateOf(ms.record), rateOf(ms.drain)].map((rate, i) => ({
      claim: `deltas folded a second, ${i === 0 ? 'recorded on main' : 'drained from a lane'}`,
      ours: rate,
      compared: { with: 'objects by name', value: namedRate },
      ratio: ratioOf(rate, namedRate),
      target: '>= 5 million',
      isMet: rate >= TARGET_A_SECOND,
    })),
    allocation('bytes allocated a delta, recorded on main', bytesEach(recordBatch, MILLION)),
    allocation('bytes allocated a delta, through a lane', bytesEach(drainBatch, MILLION)),
  ];
}

function rateOf(batchMs: number): number {
  return (BATCH / batchMs) * 1000;
}

/** One byte a delta would be a megabyte over a million. That much, the measuring itself and the compiler may take. */
function allocation(claim: string, bytes: number): BenchRow {
  const target = '< 1, noise';
  return { claim, ours: bytes, compared: null, ratio: null, target, isMet: bytes < 1, isCount: true };
}

function makeDeltas({ layout }: Core) {
  const cells = new Uint32Array(BATCH);
  const values = new Float64Array(BATCH);
  for (let i = 0; i < BATCH; i++) {
    const [name, label, value] = SESSION[i % SESSION.length] ?? ['headcount_unauthorized_total', null, 1];
    cells[i] = label === null ? layout.cellOf(name) : layout.cellOf(name, label.split(' ')[1] ?? '');
    values[i] = value ?? timeOf(i);
  }
  return { cells, values };
}

function makeNamedDeltas(values: Float64Array): NamedDelta[] {
  return Array.from(values, (value, i) => {
    const [name = '', label] = SESSION[i % SESSION.length] ?? [];
    const [key = '', text = ''] = label?.split(' ') ?? [];
    return { name, labels: key === '' ? {} : { [key]: text }, value };
  });
}

/** Whole ms from 0 to 4 s, spread like run times: many short, few long. */
function timeOf(i: number): number {
  return Math.floor(4000 * ((i * 0.618_034) % 1) ** 3);
}
