/**
 * Folding by example: what each delta does to the counters and to the open row, late and broken records, and how much
 * memory a flood takes. Random lives are in `fold-random.test.ts`, the turns of the clock in `fold-periods.test.ts`.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SESSION_FAILURE_REASONS } from '../../src/failures.js';
import { createFold } from '../../src/metrics/fold.js';
import type { LaneReader } from '../../src/metrics/lane.js';
import { SESSION_TIMES_HELD } from '../../src/metrics/ring.js';
import { W, type Word, word } from '../../src/metrics/row.js';
import {
  type Core,
  createCore,
  nextPeriod,
  PERIOD_MS,
  runSession,
  settleSession,
  startSession,
  textOf,
} from './core.js';
import { EVERYTHING } from './views/selections.js';

const test = suite('metrics/fold');

test('a session is counted when it starts and when it settles', () => {
  const core = createCore();
  startSession(core, 40);
  assert.equal(wordsOf(core, 'running', 'maxConcurrent', 'settled', 'queueTime', 'maxQueueTime'), [1, 1, 0, 40, 40]);
  startSession(core, 0);
  settleSession(core, 1200);
  assert.equal(wordsOf(core, 'running', 'maxConcurrent', 'settled', 'queueTime', 'maxQueueTime'), [1, 2, 1, 40, 40]);
  assert.equal(wordsOf(core, 'totalTime', 'minTime', 'maxTime', 'units'), [1200, 1200, 1200, 1]);
});

test('the shortest time is the true one, 0 too', () => {
  const core = createCore();
  for (const ms of [500, 700]) runSession(core, ms);
  assert.equal(wordsOf(core, 'minTime', 'maxTime'), [500, 700]);
  runSession(core, 0);
  runSession(core, 9);
  assert.equal(wordsOf(core, 'minTime', 'maxTime'), [0, 700]);
});

test('units are started half minutes', () => {
  const core = createCore();
  const units: number[] = [];
  for (const ms of [1, 29_999, 30_000, 30_001, 60_000, 60_001]) {
    const before = word(core.ring.open(), 'units');
    runSession(core, ms);
    units.push(word(core.ring.open(), 'units') - before);
  }
  assert.equal(units, [1, 1, 1, 2, 2, 3]);
});

test('a time limit counts as timedout, every other failure as error', () => {
  const core = createCore();
  for (const reason of SESSION_FAILURE_REASONS) runSession(core, 10, reason);
  runSession(core, 10);
  const errors = SESSION_FAILURE_REASONS.length - 1;
  assert.equal(wordsOf(core, 'settled', 'timedout', 'error'), [errors + 2, 1, errors]);
});

test('a value on a bound falls into the bucket of that bound, just above it into the next', () => {
  const core = createCore();
  const cell = core.layout.cellOf('headcount_session_duration_seconds', 'pdf');
  const buckets = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000];
  buckets.push(900_000);
  for (const ms of buckets) {
    core.record(cell, ms);
    core.record(cell, ms + 1);
  }
  const counts = [...core.fold.counters.subarray(cell, cell + buckets.length + 1)];
  assert.equal(counts, [1, ...buckets.slice(1).map(() => 2), 1]);
  assert.is(
    core.fold.counters[cell + buckets.length + 1],
    buckets.reduce((sum, ms) => sum + 2 * ms + 1, 0),
  );
});

test('counters add, a gauge keeps its latest value', () => {
  const core = createCore();
  const gauge = core.layout.cellOf('headcount_contexts_open', '1');
  const counter = core.layout.cellOf('headcount_worker_eventloop_active_seconds_total', '1');
  for (const value of [3, 5, 0]) {
    core.record(gauge, value);
    core.record(counter, value);
  }
  assert.equal([core.fold.counters[gauge], core.fold.counters[counter]], [0, 8]);
});

test('cpu and memory are means over the period', () => {
  const core = createCore();
  for (const value of [0.5, 1, 0.25]) core.record(core.layout.cellOf('headcount_cpu_ratio'), value);
  core.record(core.layout.cellOf('headcount_memory_ratio'), 0.125);
  assert.equal(wordsOf(core, 'cpuSum', 'cpuCount', 'memorySum', 'memoryCount'), [1.75, 3, 0.125, 1]);
});

test('counts a late record in the open row', () => {
  const core = createCore();
  const cell = core.layout.cellOf('headcount_unauthorized_total');
  core.writers[0]?.(cell, 1);
  nextPeriod(core);
  assert.is(word(core.ring.row(0), 'unauthorized'), 1, 'written before the end, drained as the row closed');
  const closed = core.ring.row(0).slice();
  core.writers[0]?.(cell, 1);
  core.fold.drain();
  assert.is(word(core.ring.open(), 'unauthorized'), 1);
  assert.equal(core.ring.row(0), closed);
});

test('a session that runs on is in the next row from its start', () => {
  const core = createCore();
  startSession(core, 7);
  startSession(core, 0);
  settleSession(core, 5);
  nextPeriod(core);
  assert.equal(wordsOf(core, 'running', 'maxConcurrent', 'settled', 'queueTime'), [1, 1, 0, 0]);
  settleSession(core, 5);
  assert.equal(wordsOf(core, 'running', 'maxConcurrent', 'settled'), [0, 1, 1]);
  nextPeriod(core);
  assert.equal(wordsOf(core, 'running', 'maxConcurrent', 'settled'), [0, 0, 0]);
  assert.equal([word(core.ring.row(0), 'running'), word(core.ring.row(1), 'running')], [1, 0]);
});

test('what cannot be a delta is counted as invalid, and nothing else changes', () => {
  const core = createCore();
  const cell = core.layout.cellOf('headcount_session_duration_seconds', 'pdf');
  const invalid = core.layout.cellOf('headcount_deltas_dropped_total', 'invalid');
  const before = core.ring.open().slice();
  const broken: [cell: number, value: number][] = [];
  // A bucket of a histogram is no cell of its own.
  for (const wrong of [-1, 0.5, core.layout.size, Number.NaN, 2 ** 40, cell + 1]) broken.push([wrong, 1]);
  for (const wrong of [-1, -1e-9, Number.NaN, Number.POSITIVE_INFINITY]) broken.push([cell, wrong]);
  for (const [at, value] of broken) core.writers[0]?.(at, value);
  core.fold.drain();
  assert.is(core.fold.counters[invalid], broken.length);
  assert.equal(
    core.fold.counters.filter((value) => value !== 0),
    Float64Array.of(broken.length),
  );
  assert.equal(core.ring.open(), before);
});

test('a time of writing that cannot be is a delay of 0', () => {
  const { layout, ring, clock } = createCore();
  const delay = layout.cellOf('headcount_delta_fold_delay_seconds');
  const cell = layout.cellOf('headcount_unauthorized_total');
  for (const writtenAtMs of [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1e300]) {
    const lane: LaneReader = {
      release: () => {},
      drain: (take) => {
        take(cell, 1, writtenAtMs);
        return 1;
      },
      dropped: () => 0,
      beats: () => 0,
    };
    const fold = createFold({ layout, ring, lanes: [lane], clock, periodMs: PERIOD_MS });
    fold.drain();
    assert.is(fold.counters[layout.cellOf('headcount_deltas_total')], 1);
    assert.is(fold.counters[delay], 1, String(writtenAtMs));
    assert.is(fold.counters[delay + 11], 0, `the sum, for ${writtenAtMs}`);
  }
});

test("main's own broken deltas are bugs", () => {
  const { record, layout } = createCore();
  const cell = layout.cellOf('headcount_unauthorized_total');
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) assert.throws(() => record(cell, value), /delta/);
  for (const wrong of [-1, layout.size, 0.5, Number.NaN]) assert.throws(() => record(wrong, 1), /delta/);
});

test('the version moves with all but the answering itself', () => {
  const { record, layout, fold } = createCore();
  const before = fold.version();
  record(layout.cellOf('headcount_http_requests_total', '/metrics', 'GET', '200'), 1);
  record(layout.cellOf('headcount_http_request_duration_seconds', '/metrics'), 1);
  assert.is(fold.version(), before);
  record(layout.cellOf('headcount_unauthorized_total'), 1);
  assert.is.not(fold.version(), before);
});

test('two million sessions in a period change numbers and nothing else', () => {
  const core = createCore({ periods: 2 });
  const sizes = [core.ring.buffer.byteLength, core.fold.counters.byteLength];
  const before = process.memoryUsage();
  const started = core.layout.cellOf('headcount_sessions_started_total', 'pdf');
  const settled = core.layout.cellOf('headcount_sessions_total', 'pdf');
  const duration = core.layout.cellOf('headcount_session_duration_seconds', 'pdf');
  const count = 2_000_000;
  for (let i = 0; i < count; i++) {
    core.record(started, 1);
    core.record(settled, 1);
    core.record(duration, i % 1000);
  }
  const after = process.memoryUsage();
  assert.equal([core.ring.buffer.byteLength, core.fold.counters.byteLength], sizes);
  assert.ok(after.arrayBuffers - before.arrayBuffers < 2 ** 20, 'array buffers grew');
  assert.ok(after.heapUsed - before.heapUsed < 32 * 2 ** 20, 'the heap grew');
  const [row] = JSON.parse(textOf(core.history(core.snapshot(), EVERYTHING)));
  assert.is(row.successful, count);
  assert.is(row.sessionTimes.length, SESSION_TIMES_HELD);
  assert.is(row.sessionTimesDropped, count - SESSION_TIMES_HELD);
  assert.is(row.sessionTimes[0], (count - SESSION_TIMES_HELD) % 1000);
  assert.equal([row.totalTime, row.meanTime, row.minTime, row.maxTime], [999_000_000, 499.5, 0, 999]);
  assert.ok(Math.abs(row.p95Time - 949) < 0.05 * 949, row.p95Time);
});

test('130 000 session times in one row come out, in the row and in the totals', () => {
  const core = createCore();
  const count = 130_000;
  for (let i = 0; i < count; i++) runSession(core, i);
  nextPeriod(core);
  const snapshot = core.snapshot();
  const expected = Array.from({ length: count }, (_, i) => i);
  assert.equal(JSON.parse(textOf(core.history(snapshot, EVERYTHING)))[0].sessionTimes, expected);
  assert.equal(JSON.parse(textOf(core.totals(snapshot, EVERYTHING))).sessionTimes, expected);
});

test.run();

function wordsOf({ ring }: Core, ...names: readonly Word[]): number[] {
  return names.map((name) => ring.open()[W[name]] ?? -1);
}
