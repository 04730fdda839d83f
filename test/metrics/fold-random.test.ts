/**
 * Random lives of a server, run through the real fold and through the plain model of it: sessions, refusals, samples,
 * workers' records in small lanes, time that passes and clocks that are set. Every column of every row, the totals and
 * every counter must agree. A failure prints the seed and the shortest life that shows it.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REJECTION_REASONS, SESSION_FAILURE_REASONS } from '../../src/failures.js';
import { W } from '../../src/metrics/row.js';
import { NETWORK_ERRORS, PHASES } from '../../src/protocol/names.js';
import { type Core, createCore, PERIOD_MS, textOf } from './core.js';
import { DOMAINS } from './domains.js';
import { columnsOf, type Delta, FoldModel, type ModelRow, meanOf, sum } from './fold-model.js';
import { EVERYTHING } from './views/selections.js';

const PERIODS = 3;
const LANE_CAPACITY = 8;
const QUANTILES = ['p50Time', 'p95Time', 'p99Time'];

type Step =
  | { readonly kind: 'start'; readonly job: string; readonly queueMs: number }
  | { readonly kind: 'settle'; readonly job: string; readonly failure: string | null; readonly runMs: number }
  | { readonly kind: 'record'; readonly delta: Delta }
  | { readonly kind: 'write'; readonly lane: number; readonly delta: Delta }
  | { readonly kind: 'pass' | 'step'; readonly ms: number }
  | { readonly kind: 'drain' | 'roll' | 'read' };

const runMs = fc.oneof(fc.nat(100), fc.nat(40_000), fc.nat(900_000), fc.constantFrom(0, 30_000, 30_001, 2 ** 32 - 1));
const job = fc.constantFrom(...DOMAINS.kind);
const delta = (name: Delta['name'], labels: readonly string[], value: fc.Arbitrary<number> = fc.constant(1)) =>
  fc.record({
    name: fc.constant(name),
    labels: labels.length === 0 ? fc.constant([]) : fc.constantFrom(...labels).map((label) => [label]),
    value,
  });
const ofMain = fc.oneof(
  delta('headcount_requests_rejected_total', REJECTION_REASONS),
  delta('headcount_sessions_queued_total', []),
  delta('headcount_unauthorized_total', []),
  delta('headcount_cpu_ratio', [], fc.double({ min: 0, max: 1, noNaN: true })),
  delta('headcount_memory_ratio', [], fc.double({ min: 0, max: 1, noNaN: true })),
);
const ofWorker = fc.oneof(
  delta('headcount_session_phase_duration_seconds', PHASES, runMs),
  delta('headcount_network_failures_total', NETWORK_ERRORS),
  delta('headcount_contexts_open', DOMAINS.worker, fc.nat(20)),
  // No worker sends this in life. But it changes a row, so a late record shows.
  delta('headcount_unauthorized_total', []),
);
const passed = fc.oneof(fc.nat(2000), fc.nat(PERIOD_MS), fc.constantFrom(PERIOD_MS - 1, PERIOD_MS, PERIOD_MS + 1));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('start'), job, queueMs: fc.nat(50_000) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('settle'),
      job,
      failure: fc.option(fc.constantFrom(...SESSION_FAILURE_REASONS)),
      runMs,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('record'), delta: ofMain }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write'), lane: fc.nat(1), delta: ofWorker }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass'), ms: passed }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('step'), ms: fc.integer({ min: -3 * PERIOD_MS, max: 4 * PERIOD_MS }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('drain', 'roll', 'read') }) },
);

const test = suite('metrics/fold, random');

test('every row, total and counter is as a plain model has it', () => {
  let rowCount = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 250, size: 'max' }), fc.nat(PERIOD_MS - 1), (steps, lateMs) => {
      const core = createCore({ periods: PERIODS, laneCapacity: LANE_CAPACITY, lateMs });
      const date = core.ring.open()[W.date] ?? 0;
      const options = { periodMs: PERIOD_MS, laneCount: core.lanes.length, laneCapacity: LANE_CAPACITY };
      const model = new FoldModel(core.clock, options, date);
      for (const one of steps) take(core, model, one);
      compare(core, model);
      rowCount += model.rows.length;
    }),
    { numRuns: 200, includeErrorInReport: true },
  );
  assert.ok(rowCount > 1000, `only ${rowCount} rows were made`);
});

test.run();

function take(core: Core, model: FoldModel, one: Step): void {
  const record = (name: Delta['name'], labels: readonly string[], value: number): void => {
    core.record(core.layout.cellOf(name, ...labels), value);
    model.apply({ name, labels, value });
  };
  switch (one.kind) {
    case 'start':
      record('headcount_sessions_started_total', [one.job], 1);
      record('headcount_queue_wait_duration_seconds', [], one.queueMs);
      break;
    case 'settle':
      if (model.open().running === 0) break;
      record('headcount_sessions_total', [one.job], 1);
      if (one.failure !== null) record('headcount_session_failures_total', [one.job, one.failure], 1);
      record('headcount_session_duration_seconds', [one.job], one.runMs);
      break;
    case 'record':
      record(one.delta.name, one.delta.labels, one.delta.value);
      break;
    case 'write':
      core.writers[one.lane]?.(core.layout.cellOf(one.delta.name, ...one.delta.labels), one.delta.value);
      model.write(one.lane, one.delta);
      break;
    case 'pass':
      core.clock.pass(one.ms);
      break;
    case 'step':
      core.clock.step(one.ms);
      break;
    case 'drain':
      core.fold.drain();
      model.drain();
      break;
    case 'roll':
      core.fold.roll();
      model.roll();
      break;
    case 'read':
      compare(core, model);
  }
}

/** Takes a snapshot, which drains and rolls, and compares all that can be read with the model. */
function compare(core: Core, model: FoldModel): void {
  const snapshot = core.snapshot();
  model.drain();
  model.roll();
  const shown = model.shown(PERIODS);
  const held = shown.flatMap((row) => row.rows);
  const rows = JSON.parse(textOf(core.history(snapshot, EVERYTHING)));
  assert.is(rows.length, shown.length);
  for (const [i, row] of shown.entries()) {
    const { date, cpu, memory, ...columns } = rows[i];
    assert.is(date, row.date);
    assert.ok(i === 0 || date > rows[i - 1].date, 'dates go up');
    const means = {
      cpu: meanOf(row.rows.flatMap((one) => one.cpu)),
      memory: meanOf(row.rows.flatMap((one) => one.memory)),
    };
    assert.ok(Math.abs(cpu - means.cpu) <= 5.1e-7, `cpu ${cpu} for ${means.cpu}`);
    assert.ok(Math.abs(memory - means.memory) <= 5.1e-7, `memory ${memory} for ${means.memory}`);
    compareColumns(columns, row.rows);
  }
  const { estimatedMonthlyUnits, minutesOfMetricsAvailable, ...columns } = JSON.parse(
    textOf(core.totals(snapshot, EVERYTHING)),
  );
  compareColumns(columns, held);
  const coveredMs = sum(held.map((row) => row.coveredMs));
  assert.ok(Math.abs(minutesOfMetricsAvailable - coveredMs / 60_000) <= 0.0051);
  const monthly = coveredMs < 3_600_000 ? 0 : (Number(columns.units) * 30 * 24 * 3_600_000) / coveredMs;
  assert.ok(Math.abs(estimatedMonthlyUnits - monthly) <= 0.51);
  compareCounters(core, model, snapshot.counters);
}

function compareColumns(columns: { [name: string]: number | number[] }, rows: readonly ModelRow[]): void {
  const expected = columnsOf(rows);
  for (const name of QUANTILES) {
    const [ours, exact] = [Number(columns[name]), Number(expected[name])];
    assert.ok(Math.abs(ours - exact) <= 0.05 * exact, `${name}: ${ours} for ${exact}`);
    expected[name] = ours;
  }
  assert.equal(columns, expected);
}

function compareCounters({ layout }: Core, model: FoldModel, counters: Float64Array): void {
  const { values, foldDelaysMs, droppedCount } = model;
  values.set('headcount_deltas_total', [foldDelaysMs.length]);
  values.set('headcount_deltas_dropped_total lane_full', [droppedCount]);
  values.set('headcount_delta_fold_delay_seconds', foldDelaysMs);
  for (const { family, series, width } of layout.families) {
    if (family.collector !== undefined || family.name.startsWith('headcount_collector_')) continue;
    for (const { cell, labels } of series) {
      const key = [family.name, ...Object.values(labels)].join(' ');
      const given = values.get(key) ?? [];
      const words = [...counters.subarray(cell, cell + width)];
      if (family.type === 'gauge') assert.equal(words, [given.at(-1) ?? 0], key);
      else if (family.type === 'counter') assert.equal(words, [sum(given)], key);
      else {
        const bounds = [...(family.buckets ?? []).map((le) => le * 1000), Number.POSITIVE_INFINITY];
        const expected = bounds.map((le, i) => given.filter((ms) => ms <= le && ms > (bounds[i - 1] ?? -1)).length);
        assert.equal(words, [...expected, sum(given)], key);
      }
    }
  }
}
