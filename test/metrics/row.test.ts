/**
 * Where a row's words are, which is the format of the history file, and how two rows become one.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BUCKET_COUNT } from '../../src/metrics/histogram.js';
import { HISTOGRAM_OFFSET, mergeRow, ROW_WORDS, W, type Word, word } from '../../src/metrics/row.js';

const test = suite('metrics/row');

test('every word has a place of its own, and the histogram follows them', () => {
  const offsets = Object.values(W);
  assert.equal(
    offsets,
    offsets.map((_, i) => i),
  );
  assert.is(HISTOGRAM_OFFSET, offsets.length);
  assert.is(ROW_WORDS, offsets.length + BUCKET_COUNT);
});

test('words of files already written keep their place', () => {
  const written: Word[] = ['date', 'settled', 'queued', 'rejected', 'unhealthy', 'timedout', 'error', 'unauthorized'];
  written.push('expired', 'abandoned', 'unavailable', 'units', 'totalTime', 'minTime', 'maxTime', 'queueTime');
  written.push('maxQueueTime', 'maxConcurrent', 'running', 'cpuSum', 'cpuCount', 'memorySum', 'memoryCount');
  written.push('timesStart', 'coveredMs');
  assert.equal(
    written.map((name) => W[name]),
    written.map((_, i) => i),
  );
});

test('sums add, maxima stay, the later row says what runs', () => {
  const into = rowOf({ settled: 2, totalTime: 10, minTime: 4, maxTime: 6, maxConcurrent: 3, running: 3, queueTime: 1 });
  mergeRow(
    into,
    rowOf({ settled: 1, totalTime: 5, minTime: 5, maxTime: 5, maxConcurrent: 2, running: 0, queueTime: 2 }),
  );
  const expected = { settled: 3, totalTime: 15, minTime: 4, maxTime: 6, maxConcurrent: 3, running: 0, queueTime: 3 };
  assert.equal(into, rowOf(expected));
});

test('the shortest of a row without sessions does not win, on either side', () => {
  const busy = { settled: 1, minTime: 7, maxTime: 7 };
  const first = rowOf({});
  mergeRow(first, rowOf(busy));
  assert.is(word(first, 'minTime'), 7);
  mergeRow(first, rowOf({ queued: 5 }));
  assert.is(word(first, 'minTime'), 7);
});

test('a real shortest of 0 ms wins', () => {
  const into = rowOf({ settled: 1, minTime: 7 });
  mergeRow(into, rowOf({ settled: 1, minTime: 0 }));
  assert.is(word(into, 'minTime'), 0);
  mergeRow(into, rowOf({ settled: 1, minTime: 3 }));
  assert.is(word(into, 'minTime'), 0);
});

test('date and the place of the session times are not merged', () => {
  const into = rowOf({ date: 1, timesStart: 2 });
  mergeRow(into, rowOf({ date: 300, timesStart: 50 }));
  assert.equal([word(into, 'date'), word(into, 'timesStart')], [1, 2]);
});

test('histograms add bucket by bucket', () => {
  const into = rowOf({});
  const from = rowOf({});
  for (let i = HISTOGRAM_OFFSET; i < ROW_WORDS; i++) {
    into[i] = i;
    from[i] = 2 * i;
  }
  mergeRow(into, from);
  for (let i = HISTOGRAM_OFFSET; i < ROW_WORDS; i++) assert.is(into[i], 3 * i);
});

test.run();

function rowOf(words: Partial<Record<Word, number>>): Float64Array {
  const row = new Float64Array(ROW_WORDS);
  for (const [name, at] of Object.entries(W)) row[at] = words[name as Word] ?? 0;
  return row;
}
