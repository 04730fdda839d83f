/**
 * When a row closes and which date the next one has, while the wall clock and the monotonic one move apart: on time,
 * late, after a long stop, set forward and set back. The dates are those that are shown.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { word } from '../../src/metrics/row.js';
import { type ShownRow, shownRows } from '../../src/metrics/views/shown.js';
import { type Core, createCore, nextPeriod, PERIOD_MS, runSession, START_MS } from './core.js';

const HOUR_MS = 3_600_000;

const test = suite('metrics/fold, periods');

test('a period ends on its end and not a ms earlier', () => {
  const core = createCore();
  assert.is(core.fold.untilRollMs(), PERIOD_MS);
  core.clock.pass(PERIOD_MS - 1);
  core.fold.roll();
  assert.is(core.ring.closed(), 0);
  assert.is(core.fold.untilRollMs(), 1);
  core.clock.pass(1);
  assert.is(core.fold.untilRollMs(), 0);
  core.fold.roll();
  assert.equal(datesOf(core), [0, 1]);
  core.fold.roll();
  assert.is(core.ring.closed(), 1);
});

test('the first period of a server that starts within one is shorter', () => {
  const core = createCore({ lateMs: 200_000 });
  assert.is(core.fold.untilRollMs(), PERIOD_MS - 200_000);
  nextPeriod(core);
  nextPeriod(core);
  assert.equal(datesOf(core), [0, 1, 2]);
  assert.equal(coveredOf(core), [100_000, PERIOD_MS, 0]);
});

test('a roll that comes late shortens the next period, so that dates stay aligned', () => {
  const core = createCore();
  core.clock.pass(PERIOD_MS + 40_000);
  core.fold.roll();
  assert.is(core.fold.untilRollMs(), PERIOD_MS - 40_000);
  nextPeriod(core);
  assert.equal(datesOf(core), [0, 1, 2]);
});

test('after a long stop one row closes, and the periods between have none', () => {
  const core = createCore();
  core.clock.pass(100 * PERIOD_MS + 1000);
  core.fold.roll();
  core.fold.roll();
  assert.equal(datesOf(core), [0, 100]);
  assert.is(coveredOf(core)[0], PERIOD_MS, 'a row covers no more than its period');
});

test('a wall clock set forward ends the period at once, and makes no rows for what it left out', () => {
  const core = createCore();
  core.clock.pass(60_000);
  core.clock.step(24 * HOUR_MS);
  assert.is(core.fold.untilRollMs(), 0);
  core.fold.roll();
  core.fold.roll();
  assert.equal(datesOf(core), [0, 288]);
  assert.equal(coveredOf(core), [60_000, 0]);
  nextPeriod(core);
  assert.equal(datesOf(core), [0, 288, 289]);
});

test('a wall clock set back by no more than a period neither stretches a row nor moves a date back', () => {
  const core = createCore();
  core.clock.pass(PERIOD_MS / 2);
  core.clock.step(-PERIOD_MS);
  core.clock.pass(PERIOD_MS / 2 - 1);
  core.fold.roll();
  assert.is(core.ring.closed(), 0);
  for (let i = 0; i < 5; i++) nextPeriod(core);
  assert.equal(datesOf(core), [0, 1, 2, 3, 4, 5]);
  assert.equal(coveredOf(core), [...[0, 1, 2, 3, 4].map(() => PERIOD_MS), 0]);
});

test('a wall clock set back and then right again goes on with the true dates', () => {
  const core = createCore();
  core.clock.step(-PERIOD_MS);
  for (let i = 0; i < 3; i++) nextPeriod(core);
  core.clock.pass(1000);
  core.clock.step(PERIOD_MS);
  core.fold.roll();
  assert.equal(datesOf(core), [0, 1, 2, 3]);
  core.clock.pass(PERIOD_MS - 1000);
  core.fold.roll();
  assert.equal(datesOf(core), [0, 1, 2, 3, 4]);
});

test('a clock that runs a little slow or fast never makes two rows of one period', () => {
  for (const drift of [-40, 40]) {
    const core = createCore();
    for (let i = 0; i < 3000; i++) {
      core.clock.pass(1000);
      core.clock.step(drift);
      core.fold.roll();
    }
    const dates = datesOf(core);
    assert.equal(
      dates,
      dates.map((_, i) => i),
    );
    assert.ok(Math.abs(dates.length - (3000 * (1000 + Math.max(drift, 0))) / PERIOD_MS) < 2, String(dates.length));
  }
});

test('dates are aligned and go up, and no row covers more than its period, whatever the clocks do', () => {
  const move = fc.record({
    pass: fc.oneof(fc.nat(5000), fc.nat(3 * PERIOD_MS)),
    step: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -HOUR_MS, max: HOUR_MS }) },
    ),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 100, size: 'max' }), fc.nat(PERIOD_MS - 1), (moves, lateMs) => {
      const core = createCore({ periods: 200, lateMs });
      let passedMs = 0;
      let settled = 0;
      for (const { pass, step } of moves) {
        core.clock.pass(pass);
        passedMs += pass;
        core.clock.step(step);
        const before = core.ring.closed();
        runSession(core, ++settled);
        core.fold.roll();
        assert.ok(core.ring.closed() - before <= 1, 'one row at a time');
        const leftMs = core.fold.untilRollMs();
        assert.ok(leftMs > 0 && leftMs <= PERIOD_MS, `${leftMs} ms until the next`);
        const aheadMs = word(core.ring.open(), 'date') - core.clock.epochMs();
        assert.ok(aheadMs <= PERIOD_MS, `the open row is ${aheadMs} ms ahead`);
      }
      const all = shownIn(core).flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
      assert.equal(
        all,
        all.map((_, i) => i),
        'each row is shown once, in order',
      );
      const dates = datesOf(core);
      for (const [i, date] of dates.entries()) {
        assert.ok(Number.isInteger(date), 'aligned');
        assert.ok(i === 0 || date > (dates[i - 1] ?? 0), 'going up');
      }
      const covered = coveredOf(core);
      assert.ok(covered.every((ms) => ms >= 0 && ms <= PERIOD_MS));
      assert.ok(covered.reduce((sum, ms) => sum + ms) <= passedMs + 1e-6);
    }),
    { includeErrorInReport: true },
  );
});

test.run();

/** Dates of the rows that are shown, in periods since the first. */
function datesOf(core: Core): number[] {
  return shownIn(core).map(({ date }) => (date - START_MS) / PERIOD_MS);
}

function shownIn({ ring }: Core): ShownRow[] {
  return shownRows(ring, ring.periods * PERIOD_MS);
}

function coveredOf({ ring }: Core): number[] {
  return rowsOf(ring).map((row) => word(row, 'coveredMs'));
}

function rowsOf(ring: Core['ring']): Float64Array[] {
  const oldest = Math.max(0, ring.closed() - ring.periods);
  return Array.from({ length: ring.closed() - oldest + 1 }, (_, i) => ring.row(oldest + i));
}
