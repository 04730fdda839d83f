/**
 * `/metrics?points=N` over random lives of a server with gaps in them. There are never more rows than asked for, and
 * each equals what `/metrics/all` says of its span. Successive polls cut at the same moments, and no row hides a gap.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeRows } from '../../../src/metrics/views/points.js';
import type { Selection } from '../../../src/metrics/views/selection.js';
import { type Core, createCore, nextPeriod, PERIOD_MS, runSession, START_MS, startSession, textOf } from '../core.js';
import { EVERYTHING } from './selections.js';

type Row = Readonly<Record<string, number>>;

interface Period {
  readonly runMs: readonly number[];
  readonly failure: string | undefined;
  readonly cpu: readonly number[];
  /** How many periods after it had no server. */
  readonly missing: number;
}

const SUMS = 'successful error timedout queued totalTime units queueTime unauthorized sessionTimesDropped'.split(' ');
const NOT_IN_TOTALS = ['date', 'memory', 'cpu', 'until', 'periods'];

const period: fc.Arbitrary<Period> = fc.record({
  runMs: fc.array(fc.oneof(fc.nat(50), fc.nat(90_000)), { maxLength: 4 }),
  failure: fc.constantFrom(undefined, 'timeout', 'error'),
  cpu: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 2 }),
  missing: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(6)),
});
const life = fc.array(period, { minLength: 1, maxLength: 40 });
const pointCount = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 60 }));

const test = suite('metrics/views/points');

test('merged rows are no more than asked for, what the totals say of their spans, and hide no gap', () => {
  fc.assert(
    fc.property(life, pointCount, (periods, points) => {
      const core = lived(periods);
      const rows = rowsOf(core);
      const merged = rowsOf(core, { points });
      assert.ok(merged.length <= points, `${merged.length} rows`);
      for (const name of [...SUMS, 'periods']) {
        const wanted = name === 'periods' ? rows.length : sumOf(rows, name);
        assert.is(sumOf(merged, name), wanted, name);
      }
      for (const row of merged) {
        const [sinceMs, untilMs] = [row['date'] ?? 0, row['until'] ?? 0];
        const totals = totalsOf(core, { sinceMs, untilMs });
        for (const [name, value] of Object.entries(row)) {
          if (!NOT_IN_TOTALS.includes(name)) assert.is(value, totals[name], name);
        }
        const within = rows.filter(({ date = 0 }) => date >= sinceMs && date < untilMs);
        assert.is(row['periods'], within.length);
        assert.is(row['date'], within[0]?.['date']);
        assert.is(row['until'], (within.at(-1)?.['date'] ?? 0) + PERIOD_MS);
      }
      const stretchCount = rows.filter(({ date }, i) => date !== (rows[i - 1]?.['date'] ?? 0) + PERIOD_MS).length;
      const isWhole = merged.every(({ date = 0, until = 0, periods: count = 0 }) => date + count * PERIOD_MS === until);
      assert.is(isWhole, stretchCount <= points, 'over gaps only where there are more stretches than rows asked for');
    }),
    { numRuns: 60, includeErrorInReport: true },
  );
});

test('rows are cut at the same moments in successive polls, whatever the oldest row is', () => {
  const shown = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => ({ from: i, to: i, date: START_MS + (from + i) * PERIOD_MS }));
  fc.assert(
    fc.property(fc.nat(100), fc.integer({ min: 20, max: 300 }), pointCount, (from, length, points) => {
      const bounds = [0, 1].map((later) => {
        const rows = shown(from + later, from + later + length);
        const merged = mergeRows(rows, { pointCount: points, periodMs: PERIOD_MS });
        return { grid: Number(merged.grid), inner: merged.rows.slice(1).map(({ date }) => date) };
      });
      for (const { grid, inner } of bounds) for (const date of inner) assert.is(date % (grid * PERIOD_MS), 0);
      const [coarse, fine] = bounds.sort((a, b) => b.grid - a.grid);
      const known = new Set(fine?.inner);
      const until = START_MS + (from + length) * PERIOD_MS;
      const common = coarse?.inner.filter((date) => date > START_MS + (from + 1) * PERIOD_MS && date < until) ?? [];
      for (const date of common) assert.ok(known.has(date), `${date} is cut at by both`);
    }),
    { numRuns: 100, includeErrorInReport: true },
  );
});

test('with room for all, each row is that of a period, with its span and without its session times', () => {
  const core = lived(
    Array.from({ length: 5 }, (_, i) => ({ runMs: [i], failure: undefined, cpu: [i / 8], missing: 0 })),
  );
  const wanted = rowsOf(core).map((row) => ({ ...row, until: (row['date'] ?? 0) + PERIOD_MS, periods: 1 }));
  assert.equal(rowsOf(core, { points: wanted.length }), wanted);
  assert.equal(rowsOf(core, { points: 999 }), wanted);
});

test('a load is a mean over the samples of all periods, a peak the highest of theirs', () => {
  const core = createCore();
  for (const ratio of [0.2, 0.4]) core.record(core.layout.cellOf('headcount_cpu_ratio'), ratio);
  for (let n = 0; n < 3; n++) startSession(core, 10 * n);
  nextPeriod(core);
  core.record(core.layout.cellOf('headcount_cpu_ratio'), 0.9);
  const [row] = rowsOf(core, { points: 1 });
  assert.equal([row?.['cpu'], row?.['maxConcurrent'], row?.['running'], row?.['maxQueueTime']], [0.5, 3, 3, 20]);
});

test('rows are selected first, and what is selected is merged', () => {
  const core = lived(Array.from({ length: 30 }, (_, i) => ({ runMs: [i], failure: undefined, cpu: [], missing: 0 })));
  const spansOf = (selection: Partial<Selection>, points: number): (number | undefined)[] =>
    rowsOf(core, { ...selection, points }).map((row) => row['periods']);
  const sum = (counts: readonly (number | undefined)[]): number => counts.reduce((a: number, b) => a + (b ?? 0), 0);
  assert.is(sum(spansOf({ last: 7 }, 3)), 7);
  assert.is(sum(spansOf({ sinceMs: START_MS + 21 * PERIOD_MS }, 3)), 10, 'the live one among them');
  assert.is(sum(spansOf({ untilMs: START_MS + 4 * PERIOD_MS }, 1)), 4, 'the live one is not');
  assert.equal(spansOf({ sinceMs: START_MS + 90 * PERIOD_MS }, 3), []);
});

test('the tag moves when the body does, and the joins of others stay', () => {
  const core = createCore({ periods: 9 });
  const bodies = new Map<string, string>();
  for (let i = 0; i < 40; i++) {
    runSession(core, i);
    if (i % 2 === 0) nextPeriod(core);
    if (i % 7 === 0) core.clock.pass(3 * PERIOD_MS);
    const snapshot = core.snapshot();
    const whole = core.history(snapshot, EVERYTHING).chunks[0];
    for (const last of [null, 4]) {
      for (const points of [1, 2, 3, 4, 5, 20]) {
        const view = core.history(snapshot, { ...EVERYTHING, last }, points);
        assert.is(bodies.get(view.tag) ?? textOf(view), textOf(view), view.tag);
        bodies.set(view.tag, textOf(view));
      }
    }
    assert.is(core.history(snapshot, EVERYTHING).chunks[0], whole);
  }
});

test.run();

/** The last of its periods is the live one. */
function lived(periods: readonly Period[]): Core {
  const core = createCore({ periods: 300 });
  for (const { runMs, failure, cpu, missing } of periods) {
    for (const ms of runMs) runSession(core, ms, failure);
    for (const ratio of cpu) core.record(core.layout.cellOf('headcount_cpu_ratio'), ratio);
    nextPeriod(core);
    if (missing > 0) {
      core.clock.pass(missing * PERIOD_MS);
      core.fold.roll();
    }
  }
  return core;
}

function rowsOf(
  core: Core,
  { points = null, ...selection }: Partial<Selection> & { points?: number | null } = {},
): Row[] {
  return JSON.parse(
    textOf(core.history(core.snapshot(), { ...EVERYTHING, sessionTimes: false, ...selection }, points)),
  );
}

function totalsOf(core: Core, selection: Partial<Selection>): Row {
  return JSON.parse(textOf(core.totals(core.snapshot(), { ...EVERYTHING, sessionTimes: false, ...selection })));
}

function sumOf(rows: readonly Row[], name: string): number {
  return rows.reduce((sum, row) => sum + (row[name] ?? 0), 0);
}
