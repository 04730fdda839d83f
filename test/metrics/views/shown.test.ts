/**
 * The rows of a clock that was wrong for a while. Once it is right they are dated anew, nothing of them is lost, and
 * the rows before them are shown again. A clock that went forward, as on a machine that slept, is believed until it
 * comes back.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRing, type Ring } from '../../../src/metrics/ring.js';
import { createHistoryView } from '../../../src/metrics/views/history.js';
import { createRowTexts } from '../../../src/metrics/views/rows.js';
import type { Selection } from '../../../src/metrics/views/selection.js';
import { shownRows } from '../../../src/metrics/views/shown.js';
import { createTotalsView } from '../../../src/metrics/views/totals.js';
import { type Core, createCore, nextPeriod, PERIOD_MS, runSession, START_MS, textOf } from '../core.js';
import { EVERYTHING } from './selections.js';

const DAY_MS = 86_400_000;
/** From 2023 to 2106. The same step back would end in 1940, so a step back is half as long. */
const FAR_MS = 83 * 365 * DAY_MS;

const test = suite('metrics/views/shown');

test('to 2106 and back: its rows take the periods before, and those of before are there again', () => {
  const core = createCore();
  live(core, [10, 11, 12]);
  core.clock.step(FAR_MS);
  core.fold.roll();
  assert.equal(shown(core), [`${FAR_MS / PERIOD_MS + 3}:`], 'it cannot be told from a long sleep');
  live(core, [20, 21, 22]);
  core.clock.step(-FAR_MS);
  core.fold.roll();
  const after = ['0:10', '1:11', '2:12', '3:', '4:20+21', '5:22', '6:'];
  assert.equal(shown(core), after, 'of the four in three periods, two became one');
  live(core, [30]);
  assert.equal(shown(core), [...after.slice(0, -1), '6:30', '7:']);
  checkSums(core, 7);
});

test('back within the period: all of it is one row', () => {
  const core = createCore();
  runSession(core, 1);
  for (let i = 0; i < 3; i++) {
    core.clock.step(FAR_MS);
    core.fold.roll();
    runSession(core, 2);
    core.clock.step(-FAR_MS);
    core.fold.roll();
    runSession(core, 3);
  }
  assert.equal(shown(core), ['0:1+2+3+2+3+2+3']);
  checkSums(core, 7);
});

test('the figures of a row that several became: sums, extremes, quantiles, and what still runs', () => {
  const core = createCore();
  const { layout, record } = core;
  runSession(core, 500, 'timeout');
  record(layout.cellOf('headcount_cpu_ratio'), 0.5);
  record(layout.cellOf('headcount_sessions_started_total', 'pdf'), 1);
  record(layout.cellOf('headcount_queue_wait_duration_seconds'), 70);
  core.clock.step(FAR_MS);
  core.fold.roll();
  for (const ms of [100, 40_000]) runSession(core, ms);
  record(layout.cellOf('headcount_cpu_ratio'), 0.1);
  core.clock.step(-FAR_MS);
  const [row = {}, ...others] = rowsOf(core);
  assert.is(others.length, 0);
  assert.is(row['date'], START_MS);
  assert.equal([row['successful'], row['timedout'], row['running'], row['maxConcurrent']], [2, 1, 1, 2]);
  assert.equal([row['totalTime'], row['minTime'], row['maxTime'], row['units']], [40_600, 100, 40_000, 4]);
  assert.equal([row['queueTime'], row['maxQueueTime'], row['cpu']], [70, 70, 0.3]);
  assert.ok(Math.abs(Number(row['p50Time']) - 500) <= 25, String(row['p50Time']));
  assert.equal(row['sessionTimes'], [500, 100, 40_000]);
});

test('wrong from the start: all rows come into the present', () => {
  const core = createCore();
  live(core, [1, 2, 3]);
  core.clock.step(-FAR_MS / 2);
  const present = 3 - FAR_MS / 2 / PERIOD_MS;
  assert.equal(
    shown(core),
    ['1', '2', '3', ''].map((times, i) => `${present - 3 + i}:${times}`),
  );
  checkSums(core, 3);
});

test('a clock that was behind for a while hides nothing of the week either', () => {
  const core = createCore();
  live(core, [10, 11, 12]);
  core.clock.step(-FAR_MS / 2);
  live(core, [20, 21]);
  const present = 5 - FAR_MS / 2 / PERIOD_MS;
  assert.is(shown(core).at(-1), `${present}:`);
  checkSums(core, 5);
  core.clock.step(FAR_MS / 2);
  live(core, [30]);
  assert.equal(shown(core), ['0:10', '1:11', '2:12', '3:', '4:20+21', '5:30', '6:']);
  checkSums(core, 6);
});

test('rows of a clock that was a day ahead stay where they are when that day has come', () => {
  const core = createCore();
  live(core, [1]);
  core.clock.step(DAY_MS);
  live(core, [2, 3]);
  core.clock.step(-DAY_MS);
  core.fold.roll();
  const before = shown(core).slice(0, -1);
  for (let passed = 0; passed < 2 * DAY_MS; passed += PERIOD_MS) nextPeriod(core);
  assert.equal(shown(core).slice(0, before.length), before);
  checkSums(core, 3);
});

test('a clock set back by an hour for good: its hour is one row, which is not lost', () => {
  const core = createCore();
  live(core, Array(24).fill(5));
  core.clock.step(-3_600_000);
  live(core, [6]);
  assert.equal(shown(core).slice(-3), ['11:5', `12:${'5+'.repeat(12)}6`, '13:']);
  checkSums(core, 25);
});

test('after a long stop, old rows are gone; one of a clock that was behind then is not', () => {
  const at = (period: number): number => START_MS + period * PERIOD_MS;
  assert.equal(datesOf(ringOf([at(0), at(1), at(20)])), [at(20)]);
  assert.equal(datesOf(ringOf([at(0), at(1), 0, at(20)])), [at(20)]);
  assert.is(shownRows(ringOf([at(0), at(1), 0, at(20)]), 10 * PERIOD_MS)[0]?.from, 2);
  assert.equal(datesOf(ringOf([at(0), at(1), at(5)])), [at(0), at(1), at(5)]);
});

test('no row is dated before the epoch', () => {
  const ring = ringOf([START_MS, START_MS + PERIOD_MS, START_MS + 2 * PERIOD_MS, PERIOD_MS]);
  assert.equal(shownRows(ring, 10 * PERIOD_MS), [
    { from: 0, to: 1, date: 0 },
    { from: 2, to: 3, date: PERIOD_MS },
  ]);
});

test('tags tell what was shown otherwise, and kept texts are made anew', () => {
  const core = createCore();
  const bodies = new Map<string, string>();
  const selections: Selection[] = [EVERYTHING, { ...EVERYTHING, sessionTimes: false }, { ...EVERYTHING, last: 2 }];
  selections.push({ ...EVERYTHING, untilMs: START_MS + PERIOD_MS }, { ...EVERYTHING, sinceMs: START_MS + PERIOD_MS });
  selections.push({ ...EVERYTHING, untilMs: START_MS + 9 * PERIOD_MS });
  const steps = [FAR_MS, -FAR_MS, -FAR_MS / 2, FAR_MS / 2, -3 * PERIOD_MS, 5 * PERIOD_MS, -2 * PERIOD_MS];
  for (const step of [0, ...steps, 0]) {
    core.clock.step(step);
    for (const ms of [1, 2]) {
      const snapshot = core.snapshot();
      for (const view of [core.history, core.totals]) {
        for (const [i, selection] of selections.entries()) {
          const { tag, chunks } = view(snapshot, selection);
          const body = Buffer.concat(chunks).toString();
          assert.is(bodies.get(`${i}/${tag}`) ?? body, body, tag);
          bodies.set(`${i}/${tag}`, body);
          const fresh = view === core.history ? createHistoryView : createTotalsView;
          const parts = { texts: createRowTexts(core.ring), retentionMs: core.ring.periods * PERIOD_MS };
          assert.is(textOf(fresh(parts)(snapshot, selection)), body, 'views that have kept nothing say the same');
        }
      }
      runSession(core, ms);
      nextPeriod(core);
    }
  }
});

test.run();

function live(core: Core, times: readonly number[]): void {
  core.fold.roll();
  for (const ms of times) {
    runSession(core, ms);
    nextPeriod(core);
  }
}

function rowsOf(core: Core): { readonly [name: string]: unknown }[] {
  return JSON.parse(textOf(core.history(core.snapshot(), EVERYTHING)));
}

/** `period:times` of the rows that are shown, with periods counted from the start. */
function shown(core: Core): string[] {
  return rowsOf(core).map(({ date, sessionTimes }) => {
    const times: readonly number[] = JSON.parse(JSON.stringify(sessionTimes));
    return `${(Number(date) - START_MS) / PERIOD_MS}:${times.join('+')}`;
  });
}

/** Checks that the rows, the totals and the counters all have `count` sessions. */
function checkSums(core: Core, count: number): void {
  const rows = rowsOf(core);
  const totals = JSON.parse(textOf(core.totals(core.snapshot(), EVERYTHING)));
  const sumOf = (name: string): number => rows.reduce((sum, row) => sum + Number(row[name]), 0);
  assert.equal([sumOf('successful'), totals.successful], [count, count]);
  assert.is(sumOf('totalTime'), totals.totalTime);
  assert.equal(
    rows.flatMap(({ sessionTimes }) => sessionTimes),
    totals.sessionTimes,
  );
  assert.is(core.snapshot().counters[core.layout.cellOf('headcount_sessions_total', 'pdf')], count);
  const dates = rows.map(({ date }) => Number(date));
  assert.ok(dates.every((date, i) => i === 0 || date > (dates[i - 1] ?? 0)));
}

/** Rows with these dates, the last one open. Ten closed ones are kept. */
function ringOf(dates: readonly number[]): Ring {
  const ring = createRing({ periods: 10 }, dates[0] ?? 0);
  for (const date of dates.slice(1)) ring.close(date);
  return ring;
}

function datesOf(ring: Ring): number[] {
  return shownRows(ring, 10 * PERIOD_MS).map(({ date }) => date);
}
