/**
 * The rows that the page holds, as newer ones come.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeRows, unknownSince, withLive } from '../../src/page/history.js';
import { rowAt } from './rows.js';

const test = suite('page/history');

test('newer rows replace those of the same date, and what is too old goes', () => {
  const rows = [rowAt(0), rowAt(10), rowAt(20, { error: 1 })];
  const merged = mergeRows(rows, [rowAt(20, { error: 2 }), rowAt(30)], 10);
  assert.equal(
    merged.map(({ date, error }) => [date, error]),
    [
      [10, 0],
      [20, 2],
      [30, 0],
    ],
  );
});

test('the live row takes the place of the last one, or comes after it', () => {
  const rows = [rowAt(0), rowAt(10)];
  assert.equal(
    withLive(rows, rowAt(10, { error: 1 })).map(({ error }) => error),
    [0, 1],
  );
  assert.is(withLive(rows, rowAt(20)).length, 3);
  assert.is(withLive([], rowAt(0)).length, 1);
});

test('what is asked for is what is new, and all of it when the clock of the server was set back', () => {
  assert.is(unknownSince(null, 10), null);
  assert.is(unknownSince(10, 20), 10);
  assert.is(unknownSince(4_000_000, 20), null);
});

test.run();
