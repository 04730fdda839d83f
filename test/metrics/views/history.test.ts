/**
 * `/metrics` as its readers see it: keys and their order, the rows of a selection, and texts that are kept only as long
 * as they are true.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SESSION_TIMES_HELD } from '../../../src/metrics/ring.js';
import type { Selection } from '../../../src/metrics/views/selection.js';
import { type Core, createCore, nextPeriod, PERIOD_MS, runSession, START_MS, startSession, textOf } from '../core.js';
import { EVERYTHING } from './selections.js';

const KEYS =
  'date successful queued rejected unhealthy memory cpu timedout totalTime meanTime maxTime minTime maxConcurrent ' +
  'sessionTimes error units running unauthorized expired abandoned unavailable p50Time p95Time p99Time queueTime ' +
  'maxQueueTime sessionTimesDropped';

const test = suite('metrics/views/history');

test('a fresh server has one row, of zeros, its keys in order', () => {
  const core = createCore();
  const rows = rowsOf(core);
  assert.is(rows.length, 1);
  assert.is(Object.keys(rows[0] ?? {}).join(' '), KEYS);
  for (const [name, value] of Object.entries(rows[0] ?? {})) {
    if (name === 'sessionTimes') assert.equal(value, []);
    else assert.is(value, name === 'date' ? START_MS : 0, name);
  }
});

test('the oldest row is first, the live one last', () => {
  const core = createCore();
  for (let i = 0; i < 3; i++) {
    for (let n = 0; n <= i; n++) runSession(core, 10 * i + n);
    nextPeriod(core);
  }
  startSession(core, 3);
  assert.equal(datesOf(core), [0, 1, 2, 3]);
  assert.equal(
    rowsOf(core).map((row) => row['sessionTimes']),
    [[0], [10, 11], [20, 21, 22], []],
  );
  assert.equal(
    rowsOf(core).map((row) => row['running']),
    [0, 0, 0, 1],
  );
});

test('no more rows come than closed ones are kept, and the live one', () => {
  const core = createCore({ periods: 4 });
  for (let i = 0; i < 30; i++) {
    runSession(core, i);
    nextPeriod(core);
    assert.is(rowsOf(core).length, Math.min(i + 1, 4) + 1);
  }
  assert.equal(datesOf(core), [26, 27, 28, 29, 30]);
});

test('rows older than the retention are gone after a long stop', () => {
  const core = createCore({ periods: 4 });
  for (let i = 0; i < 4; i++) nextPeriod(core);
  core.clock.pass(3 * PERIOD_MS);
  core.fold.roll();
  assert.equal(datesOf(core), [3, 4, 7]);
});

test('since takes rows that start at it or later, until those that start before it', () => {
  const core = createCore();
  for (let i = 0; i < 5; i++) nextPeriod(core);
  const at = (period: number): number => START_MS + period * PERIOD_MS;
  assert.equal(datesOf(core, { sinceMs: at(2) }), [2, 3, 4, 5]);
  assert.equal(datesOf(core, { sinceMs: at(2) + 1 }), [3, 4, 5]);
  assert.equal(datesOf(core, { sinceMs: at(5) }), [5]);
  assert.equal(datesOf(core, { sinceMs: at(5) + 1 }), [], 'later than the live row');
  assert.equal(datesOf(core, { sinceMs: at(90) }), []);
  assert.equal(datesOf(core, { sinceMs: at(-90) }), [0, 1, 2, 3, 4, 5]);
  assert.equal(datesOf(core, { untilMs: at(2) }), [0, 1]);
  assert.equal(datesOf(core, { untilMs: at(2) + 1 }), [0, 1, 2]);
  assert.equal(datesOf(core, { untilMs: at(5) }), [0, 1, 2, 3, 4], 'not the live row');
  assert.equal(datesOf(core, { untilMs: at(0) }), []);
  assert.equal(datesOf(core, { sinceMs: at(2), untilMs: at(4) }), [2, 3]);
  assert.equal(datesOf(core, { sinceMs: at(4), untilMs: at(2) }), []);
  assert.equal(datesOf(core, { sinceMs: at(4), untilMs: at(4) }), []);
});

test('last takes the latest of those selected', () => {
  const core = createCore();
  for (let i = 0; i < 5; i++) nextPeriod(core);
  const at = (period: number): number => START_MS + period * PERIOD_MS;
  assert.equal(datesOf(core, { last: 1 }), [5]);
  assert.equal(datesOf(core, { last: 3 }), [3, 4, 5]);
  assert.equal(datesOf(core, { last: 99 }), [0, 1, 2, 3, 4, 5]);
  assert.equal(datesOf(core, { last: 0 }), []);
  assert.equal(datesOf(core, { last: 2, untilMs: at(3) }), [1, 2]);
  assert.equal(datesOf(core, { last: 9, sinceMs: at(4) }), [4, 5]);
});

test('without the session times, all else is there', () => {
  const core = createCore();
  runSession(core, 5);
  nextPeriod(core);
  runSession(core, 6);
  const bare = rowsOf(core, { sessionTimes: false });
  assert.is(Object.keys(bare[0] ?? {}).join(' '), KEYS.replace('sessionTimes ', ''));
  const full = rowsOf(core).map(({ sessionTimes: _, ...rest }) => rest);
  assert.equal(bare, full);
});

test('the tag moves when the body does, and tells selections apart', () => {
  const core = createCore();
  const bodies = new Map<string, string>();
  const selections = [EVERYTHING, { ...EVERYTHING, sessionTimes: false }, { ...EVERYTHING, last: 1 }];
  selections.push({ ...EVERYTHING, sinceMs: START_MS + 1 }, { ...EVERYTHING, untilMs: START_MS + PERIOD_MS });
  const look = (): void => {
    const snapshot = core.snapshot();
    for (const selection of selections) {
      const view = core.history(snapshot, selection);
      const known = bodies.get(view.tag);
      if (known !== undefined) assert.is(textOf(view), known, view.tag);
      bodies.set(view.tag, textOf(view));
    }
  };
  for (let i = 0; i < 6; i++) {
    look();
    runSession(core, i);
    look();
    core.record(core.layout.cellOf('headcount_cpu_ratio'), 0.25);
    look();
    nextPeriod(core);
  }
  const { tag } = core.history(core.snapshot(), EVERYTHING);
  core.record(core.layout.cellOf('headcount_http_requests_total', '/', 'GET', '200'), 1);
  core.clock.pass(1000);
  assert.is(core.history(core.snapshot(), EVERYTHING).tag, tag, 'nothing has changed for its readers');
});

test('a kept text is the one that is made anew', () => {
  const core = createCore({ periods: 3 });
  for (let i = 0; i < 8; i++) {
    runSession(core, i, i % 2 === 0 ? 'error' : undefined);
    core.history(core.snapshot(), EVERYTHING);
    core.history(core.snapshot(), { ...EVERYTHING, last: 2 });
    nextPeriod(core);
    const other = createCore({ periods: 3 });
    for (let n = 0; n <= i; n++) {
      runSession(other, n, n % 2 === 0 ? 'error' : undefined);
      nextPeriod(other);
    }
    const text = textOf(core.history(core.snapshot(), EVERYTHING));
    assert.is(text, textOf(other.history(other.snapshot(), EVERYTHING)));
  }
});

test('a narrowed request does not cost the whole its kept text', () => {
  const core = createCore();
  for (let i = 0; i < 5; i++) nextPeriod(core);
  const pieceOf = (selection: Partial<Selection>) =>
    core.history(core.snapshot(), { ...EVERYTHING, ...selection }).chunks[0];
  const [whole, bare] = [pieceOf({}), pieceOf({ sessionTimes: false })];
  for (const narrowed of [{ last: 1 }, { sinceMs: START_MS + 1 }, { untilMs: START_MS + 1, sessionTimes: false }]) {
    pieceOf(narrowed);
    assert.is(pieceOf({}), whole);
    assert.is(pieceOf({ sessionTimes: false }), bare);
  }
});

test('when the ring of session times laps, kept texts follow: rows lose the oldest and say how many', () => {
  const core = createCore({ periods: 5 });
  const { ring } = core;
  // An empty row comes first. It has nothing to lose, and must not hide that the next ones do.
  nextPeriod(core);
  for (const ms of [1, 2, 3]) runSession(core, ms);
  nextPeriod(core);
  for (const ms of [4, 5]) runSession(core, ms);
  nextPeriod(core);
  const lostOf = () => rowsOf(core).map((row) => row['sessionTimesDropped']);
  const timesOf = () => rowsOf(core).map((row) => row['sessionTimes']);
  const bare = () => rowsOf(core, { sessionTimes: false }).map((row) => row['sessionTimesDropped']);
  assert.equal(lostOf(), [0, 0, 0, 0]);
  while (ring.timesWritten() < SESSION_TIMES_HELD - 2) runSession(core, 7);
  nextPeriod(core);
  for (const expected of [
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [0, 1, 0, 0, 0],
    [0, 2, 0, 0, 0],
    [0, 3, 0, 0, 0],
    [0, 3, 1, 0, 0],
    [0, 3, 2, 0, 0],
    [0, 3, 2, 1, 0],
  ]) {
    runSession(core, 8);
    assert.equal(lostOf(), expected);
    assert.equal(bare(), expected);
    assert.equal(timesOf().slice(1, 3), [[1, 2, 3].slice(expected[1]), [4, 5].slice(expected[2])]);
  }
  const rows = rowsOf(core);
  assert.equal(
    rows.map((row) => row['successful']),
    [0, 3, 2, SESSION_TIMES_HELD - 7, 8],
  );
});

test.run();

function rowsOf(core: Core, selection: Partial<Selection> = {}): { [name: string]: unknown }[] {
  return JSON.parse(textOf(core.history(core.snapshot(), { ...EVERYTHING, ...selection })));
}

/** Dates, in periods since the start. */
function datesOf(core: Core, selection: Partial<Selection> = {}): number[] {
  return rowsOf(core, selection).map((row) => (Number(row['date']) - START_MS) / PERIOD_MS);
}
