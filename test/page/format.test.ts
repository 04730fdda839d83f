/**
 * Numbers and times as the page writes them.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as format from '../../src/page/format.js';

const test = suite('page/format');

test('durations take the unit that fits', () => {
  assert.equal([0, 999, 1_000, 59_900, 60_000, 3_600_000].map(format.duration), [
    '0 ms',
    '999 ms',
    '1.0 s',
    '59.9 s',
    '1.0 min',
    '1.0 h',
  ]);
  assert.equal([0, 500, 5_000, 90_000, 7_200_000].map(format.shortDuration), ['0', '500 ms', '5 s', '1.5 min', '2 h']);
  assert.equal([2_000, 300_000, 3_600_000, 90_000].map(format.span), ['2 s', '5 min', '1 h', '90 s']);
});

test('numbers are grouped, rates keep a tenth while they are small', () => {
  assert.is(format.count(1_234_567), '1,234,567');
  assert.equal([0, 3.14, 9.94, 10.4].map(format.rate), ['0', '3.1', '9.9', '10']);
  assert.is(format.percent(0.456), '46 %');
});

test('a range names its day once', () => {
  const noonMs = new Date(2026, 1, 3, 12, 0).getTime();
  assert.is(format.range(noonMs, noonMs + 3_600_000), 'Tue 3, 12:00 – 13:00');
  assert.is(format.range(noonMs, noonMs + 86_400_000), 'Tue 3, 12:00 – Wed 4, 12:00');
});

test('marks of a time axis are days, the clock, or seconds, by how far they are apart', () => {
  const midnightMs = new Date(2026, 1, 3).getTime();
  assert.is(format.timeMark(midnightMs, 86_400_000), 'Tue 3');
  assert.is(format.timeMark(midnightMs, 3_600_000), 'Tue 3');
  assert.is(format.timeMark(midnightMs + 3_600_000, 3_600_000), '01:00');
  assert.is(format.timeMark(midnightMs + 5_000, 5_000), '00:00:05');
});

test.run();
