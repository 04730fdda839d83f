/**
 * The texts of rows, one by one: what is kept, what is made anew, and the columns of the table.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FIELDS } from '../../../src/metrics/fields.js';
import { createRing, SESSION_TIMES_HELD } from '../../../src/metrics/ring.js';
import { ROW_WORDS, W } from '../../../src/metrics/row.js';
import { createRowTexts, droppedIn, droppedOf } from '../../../src/metrics/views/rows.js';
import { lostTimesStart } from '../../../src/store/format.js';
import { createCore, nextPeriod, PERIOD_MS, runSession, START_MS } from '../core.js';
import { storedRow } from './selections.js';

const test = suite('metrics/views/rows');

test('a closed row keeps its text, the live one does not', () => {
  const core = createCore({ periods: 2 });
  const texts = createRowTexts(core.ring);
  runSession(core, 5);
  const row = storedRow(core.ring, 0);
  const live = texts.of(row);
  runSession(core, 6);
  assert.is.not(texts.of(row).full, live.full);
  nextPeriod(core);
  const closed = texts.of(row);
  assert.is(closed.times, '5,6');
  assert.is(texts.of(row), closed);
});

test('a place that another row has taken gives the new row', () => {
  const core = createCore({ periods: 1 });
  const texts = createRowTexts(core.ring);
  for (let i = 0; i < 10; i++) {
    runSession(core, i);
    nextPeriod(core);
    assert.is(texts.of(storedRow(core.ring, i)).times, String(i));
  }
});

test('what rows have lost is the sum of what each has', () => {
  const core = createCore({ periods: 6 });
  for (const count of [0, 2, 0, 1, 3]) {
    for (let i = 0; i < count; i++) runSession(core, i);
    nextPeriod(core);
  }
  while (core.ring.timesWritten() < SESSION_TIMES_HELD) core.ring.pushTime(1);
  for (let lost = 0; lost <= 8; lost++) {
    for (let from = 0; from <= 5; from++) {
      for (let to = from; to <= 5; to++) {
        let sum = 0;
        for (let sequence = from; sequence < to; sequence++) sum += droppedOf(core.ring, sequence);
        assert.is(droppedIn(core.ring, { from, to }), sum, `${from} to ${to}, ${lost} lost`);
      }
    }
    assert.is(droppedIn(core.ring, { from: 0, to: 5 }), Math.min(lost, 6));
    core.ring.pushTime(1);
  }
});

test('rows whose session times were lost with a damaged file count as their own and no more', () => {
  const date = START_MS;
  const rows = [2, 3].map((settled, i) => {
    const row = new Float64Array(ROW_WORDS);
    row[W.date] = date + i * PERIOD_MS;
    row[W.settled] = settled;
    row[W.timesStart] = i === 0 ? lostTimesStart(settled) : 2;
    return row;
  });
  const times = new Uint32Array(SESSION_TIMES_HELD);
  const ring = createRing({ periods: 4 }, date + 2 * PERIOD_MS, { rows, times, timesWritten: 5 });
  assert.equal(
    [0, 1, 2].map((sequence) => droppedOf(ring, sequence)),
    [2, 0, 0],
  );
  assert.is(droppedIn(ring, { from: 0, to: 2 }), 2);
  assert.is(droppedIn(ring, { from: 1, to: 2 }), 0);
});

test('every column says what it is', () => {
  assert.is(new Set(FIELDS.map(({ name }) => name)).size, FIELDS.length);
  assert.equal(
    FIELDS.filter(({ of }) => of === null).map(({ name }) => name),
    ['sessionTimes', 'sessionTimesDropped'],
  );
  assert.equal(
    FIELDS.filter(({ inTotals }) => !inTotals).map(({ name }) => name),
    ['date', 'memory', 'cpu'],
  );
  for (const { name, help } of FIELDS) assert.match(help, /^[A-Z`0-9].*[.]$/, name);
});

test.run();
