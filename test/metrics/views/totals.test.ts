/**
 * `/metrics/all` as its readers see it: all rows together, the true mean and minimum, the time covered, and a merged
 * text that is kept only as long as it is true.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SESSION_TIMES_HELD } from '../../../src/metrics/ring.js';
import type { Selection } from '../../../src/metrics/views/selection.js';
import { type Core, createCore, nextPeriod, PERIOD_MS, runSession, START_MS, startSession, textOf } from '../core.js';
import { EVERYTHING } from './selections.js';

const KEYS =
  'successful queued rejected unhealthy timedout totalTime meanTime maxTime minTime maxConcurrent sessionTimes error ' +
  'units running unauthorized expired abandoned unavailable p50Time p95Time p99Time queueTime maxQueueTime ' +
  'sessionTimesDropped estimatedMonthlyUnits minutesOfMetricsAvailable';

const test = suite('metrics/views/totals');

test('an empty server gives zeros: no null, no NaN', () => {
  const totals = totalsOf(createCore());
  assert.is(Object.keys(totals).join(' '), KEYS);
  for (const [name, value] of Object.entries(totals)) assert.equal(value, name === 'sessionTimes' ? [] : 0, name);
});

test('is all rows taken together', () => {
  const core = createCore();
  for (const ms of [100, 300]) runSession(core, ms);
  nextPeriod(core);
  nextPeriod(core);
  for (const ms of [40_000, 10]) runSession(core, ms, 'timeout');
  startSession(core, 25);
  const totals = totalsOf(core);
  assert.equal([totals['successful'], totals['timedout'], totals['error'], totals['running']], [2, 2, 0, 1]);
  assert.equal([totals['totalTime'], totals['meanTime']], [40_410, 40_410 / 4]);
  assert.equal([totals['minTime'], totals['maxTime'], totals['maxConcurrent']], [10, 40_000, 1]);
  assert.equal(totals['sessionTimes'], [100, 300, 40_000, 10]);
  assert.equal([totals['units'], totals['queueTime'], totals['maxQueueTime']], [5, 25, 25]);
  assert.ok(Math.abs(Number(totals['p50Time']) - 100) <= 5, String(totals['p50Time']));
  assert.ok(Math.abs(Number(totals['p99Time']) - 40_000) <= 2000, String(totals['p99Time']));
});

test('the minimum leaves out rows without sessions', () => {
  const core = createCore();
  nextPeriod(core);
  runSession(core, 70);
  nextPeriod(core);
  assert.is(totalsOf(core)['minTime'], 70);
  runSession(core, 90);
  assert.is(totalsOf(core)['minTime'], 70);
});

test('minutes are those really covered, and units are scaled from them to 30 days', () => {
  const core = createCore({ lateMs: 120_000 });
  runSession(core, 50);
  core.clock.pass(90_000);
  assert.equal(coverageOf(core), [1.5, 0]);
  nextPeriod(core);
  // The server was stopped, or the machine asleep, for an hour, so that hour is not covered.
  core.clock.step(3_600_000);
  nextPeriod(core);
  core.clock.pass(60_000);
  assert.equal(coverageOf(core), [4, 0]);
  for (let i = 0; i < 20; i++) nextPeriod(core);
  assert.equal(coverageOf(core), [103, 419]);
});

test('units are scaled once an hour is covered, and not a ms earlier', () => {
  const core = createCore();
  runSession(core, 50);
  for (let i = 0; i < 11; i++) nextPeriod(core);
  core.clock.pass(PERIOD_MS - 1);
  assert.equal(coverageOf(core), [60, 0]);
  core.clock.pass(1);
  assert.equal(coverageOf(core), [60, 720]);
  assert.is(totalsOf(core, { last: 3 })['estimatedMonthlyUnits'], 0, 'nor of less than an hour of them');
});

test('selects rows as the history does', () => {
  const core = createCore();
  for (let i = 1; i <= 4; i++) {
    runSession(core, i);
    nextPeriod(core);
  }
  runSession(core, 5);
  const timesOf = (selection: Partial<Selection>) => totalsOf(core, selection)['sessionTimes'];
  const at = (period: number): number => START_MS + period * PERIOD_MS;
  assert.equal(timesOf({}), [1, 2, 3, 4, 5]);
  assert.equal(timesOf({ sinceMs: at(1) }), [2, 3, 4, 5]);
  assert.equal(timesOf({ untilMs: at(4) }), [1, 2, 3, 4]);
  assert.equal(timesOf({ sinceMs: at(1), untilMs: at(3) }), [2, 3]);
  assert.equal(timesOf({ sinceMs: at(4) }), [5]);
  assert.equal(timesOf({ last: 2 }), [4, 5]);
  for (const none of [{ sinceMs: at(4) + 1 }, { sinceMs: at(50) }, { untilMs: at(0) }, { last: 0 }]) {
    assert.equal(totalsOf(core, none), totalsOf(createCore()), JSON.stringify(none));
  }
});

test('without the session times, all else is there', () => {
  const core = createCore();
  for (const ms of [5, 6]) {
    runSession(core, ms);
    nextPeriod(core);
  }
  const bare = totalsOf(core, { sessionTimes: false });
  assert.is(Object.keys(bare).join(' '), KEYS.replace('sessionTimes ', ''));
  const { sessionTimes: _, ...rest } = totalsOf(core);
  assert.equal(bare, rest);
});

test('the tag moves when the body does', () => {
  const core = createCore();
  const bodies = new Map<string, string>();
  const look = (): void => {
    for (const selection of [EVERYTHING, { ...EVERYTHING, sessionTimes: false }, { ...EVERYTHING, last: 1 }]) {
      const view = core.totals(core.snapshot(), selection);
      const known = bodies.get(view.tag);
      if (known !== undefined) assert.is(textOf(view), known, view.tag);
      bodies.set(view.tag, textOf(view));
    }
  };
  for (let i = 0; i < 4; i++) {
    look();
    runSession(core, i);
    look();
    // The passing of time shows too, in what is covered.
    core.clock.pass(30_000);
    look();
    nextPeriod(core);
  }
});

test('session times that the ring has overwritten are counted, and the kept text follows', () => {
  const core = createCore({ periods: 5 });
  nextPeriod(core);
  for (const ms of [1, 2, 3]) runSession(core, ms);
  nextPeriod(core);
  while (core.ring.timesWritten() < SESSION_TIMES_HELD) runSession(core, 7);
  nextPeriod(core);
  for (let lost = 0; lost <= 5; lost++) {
    const totals = totalsOf(core);
    const times = totals['sessionTimes'];
    assert.is(totals['sessionTimesDropped'], lost);
    assert.is(totals['successful'], SESSION_TIMES_HELD + lost);
    assert.ok(Array.isArray(times));
    assert.is(times.length, SESSION_TIMES_HELD);
    assert.equal(times.slice(0, 4), [1, 2, 3, 7, 7, 7, 7, 7, 7, 7].slice(lost, lost + 4));
    assert.is(times.at(-1), lost === 0 ? 7 : 8);
    runSession(core, 8);
  }
});

test.run();

function totalsOf(core: Core, selection: Partial<Selection> = {}): { [name: string]: unknown } {
  return JSON.parse(textOf(core.totals(core.snapshot(), { ...EVERYTHING, ...selection })));
}

function coverageOf(core: Core): unknown[] {
  const totals = totalsOf(core);
  return [totals['minutesOfMetricsAvailable'], totals['estimatedMonthlyUnits']];
}
