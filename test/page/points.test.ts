/**
 * Rows become steps; a period without a row is a gap.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { indexAt, pointsOf, rowsWithin, stacked, valuesOf } from '../../src/page/points.js';
import { rowAt } from './rows.js';

const test = suite('page/points');
const periodMs = 10_000;

test('each row begins a step, and the open one ends now', () => {
  const rows = [rowAt(0, { successful: 1 }), rowAt(10_000, { successful: 2 })];
  const points = pointsOf(rows, { periodMs, nowMs: 13_000 });
  assert.equal(points.seconds, [0, 10, 13]);
  assert.equal(
    valuesOf(points, (row) => row.successful),
    [1, 2, 2],
  );
});

test('a period without a row is a gap, not a line at zero, and one gap however long', () => {
  const rows = [rowAt(0, { successful: 1 }), rowAt(50_000, { successful: 2 }), rowAt(60_000)];
  const points = pointsOf(rows, { periodMs, nowMs: 60_000 });
  assert.equal(points.seconds, [0, 10, 50, 60]);
  assert.equal(
    valuesOf(points, (row) => row.successful),
    [1, null, 2, 0],
  );
});

test('no step reaches beyond its period, and no rows give no points', () => {
  assert.equal(pointsOf([rowAt(0)], { periodMs, nowMs: 99_000 }).seconds, [0, 10]);
  assert.equal(pointsOf([], { periodMs, nowMs: 5 }), { seconds: [], rows: [] });
});

test('what is stacked is the sum of itself and those after it', () => {
  const picks = stacked([(row) => row.successful, (row) => row.rejected, (row) => row.error]);
  const row = rowAt(0, { successful: 5, rejected: 3, error: 1 });
  assert.equal(
    picks.map((pick) => pick(row)),
    [9, 4, 1],
  );
});

test('a row is in view when any part of its period is', () => {
  const rows = [0, 10_000, 20_000, 30_000].map((date) => rowAt(date));
  const dates = (fromMs: number, toMs: number) => rowsWithin(rows, { fromMs, toMs }, periodMs).map(({ date }) => date);
  assert.equal(dates(10_000, 30_000), [10_000, 20_000]);
  assert.equal(dates(9_999, 30_001), [0, 10_000, 20_000, 30_000]);
});

test('a moment belongs to the step that it is in, however near the next one is', () => {
  const seconds = [0, 10, 50, 60];
  const at = (second: number): number | null => indexAt(seconds, second);
  assert.equal([0, 1, 9.9, 10, 49, 50, 59.9, 60].map(at), [0, 0, 0, 1, 1, 2, 2, 3]);
  assert.equal([-0.1, 60.1].map(at), [null, null], 'before there was anything, and after now');
  assert.is(indexAt([], 5), null);
});

test.run();
