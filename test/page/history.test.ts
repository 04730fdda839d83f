/**
 * The rows that the page holds, as newer ones come.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isFresh, mergeRows, totalRow, unknownSince, withLive } from '../../src/page/history.js';
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

test('fresh is a server that nobody has asked for a session', () => {
  assert.ok(isFresh([]));
  assert.ok(isFresh([rowAt(0, { unauthorized: 3, cpu: 1 }), rowAt(10)]));
  for (const name of ['maxConcurrent', 'queued', 'rejected', 'unhealthy', 'unavailable', 'expired'] as const) {
    assert.not.ok(isFresh([rowAt(0), rowAt(10, { [name]: 1 })]), name);
  }
});

test('the figures of several rows in one have the mean CPU and memory', () => {
  const rows = [rowAt(10, { cpu: 0.2, memory: 0.5 }), rowAt(20, { cpu: 0.4, memory: 0.5 })];
  const total = totalRow(rowAt(0, { successful: 7 }), rows);
  assert.equal([total.date, total.successful, total.memory], [10, 7, 0.5]);
  assert.ok(Math.abs(total.cpu - 0.3) < 1e-9);
  assert.equal([totalRow(rowAt(0), []).cpu, totalRow(rowAt(0), []).date], [0, 0]);
});

test.run();
