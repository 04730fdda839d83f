/**
 * Buckets tried on both sides of every edge, and quantiles against the exact nearest rank over random data.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BUCKET_COUNT, bucketIndex, quantile } from '../../src/metrics/histogram.js';

const LARGEST = 2 ** 32 - 1;

const test = suite('metrics/histogram');

test('a bucket below 32 ms holds one value', () => {
  for (let value = 0; value < 32; value++) {
    assert.is(bucketIndex(value), value);
    assert.is(middleOf(value), value);
  }
  assert.is(bucketIndex(32), 32);
  assert.is(bucketIndex(33), 32);
  assert.is(bucketIndex(34), 33);
});

test('every bucket begins right after the one before it ends', () => {
  let low = 0;
  for (let index = 0; index < BUCKET_COUNT; index++) {
    const high = 2 * middleOf(index) - low;
    assert.is(bucketIndex(low), index, `lower edge of ${index}`);
    assert.is(bucketIndex(high), index, `upper edge of ${index}`);
    if (index + 1 < BUCKET_COUNT) assert.is(bucketIndex(high + 1), index + 1, `after ${index}`);
    else assert.is(high, LARGEST);
    low = high + 1;
  }
});

test('the middle is within 3.2 % of every value of its bucket', () => {
  const holds = (value: number): boolean =>
    Math.abs(middleOf(bucketIndex(value)) - value) <= 0.032 * value || value === 0;
  for (let value = 0; value < 70_000; value++) assert.ok(holds(value), String(value));
  fc.assert(fc.property(fc.integer({ min: 0, max: LARGEST }), holds));
});

test('what is out of range falls into the buckets at the ends', () => {
  for (const value of [-1, -1e9, Number.NEGATIVE_INFINITY]) assert.is(bucketIndex(value), 0, String(value));
  for (const value of [LARGEST, LARGEST + 1, 2 ** 40, 1e300, Number.POSITIVE_INFINITY]) {
    assert.is(bucketIndex(value), BUCKET_COUNT - 1, String(value));
  }
  assert.is(bucketIndex(2 ** 31), BUCKET_COUNT - 16);
  assert.is(bucketIndex(2 ** 31 - 1), BUCKET_COUNT - 17);
});

test('no values give 0', () => {
  for (const q of [0, 0.5, 0.99, 1]) assert.is(quantileOf([], q), 0);
});

test('a single value is exact, however large', () => {
  for (const value of [0, 1, 31, 33, 1001, 899_999, LARGEST, 2 ** 40]) {
    for (const q of [0, 0.5, 0.95, 0.99, 1]) assert.is(quantileOf([value], q), value, `${q} of ${value}`);
  }
});

test('two values: the median is the smaller, the 95th percentile the larger', () => {
  assert.is(quantileOf([10, 20], 0.5), 10);
  assert.is(quantileOf([10, 20], 0.51), 20);
  assert.is(quantileOf([10, 20], 0.95), 20);
});

test('quantiles are within 5 % of the exact nearest rank', () => {
  const runMs = fc.oneof(fc.nat(40), fc.nat(30_000), fc.nat(900_000), fc.nat(LARGEST));
  fc.assert(
    fc.property(fc.array(runMs, { minLength: 1, maxLength: 400 }), fc.constantFrom(0.5, 0.95, 0.99), (times, q) => {
      const exact = times.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * times.length)) - 1] ?? 0;
      assert.ok(Math.abs(quantileOf(times, q) - exact) <= 0.05 * exact, `${q}: ${quantileOf(times, q)} for ${exact}`);
    }),
    { numRuns: 1000 },
  );
});

test('reads the histogram at its offset', () => {
  const words = new Float64Array(7 + BUCKET_COUNT + 5).fill(9);
  words.fill(0, 7, 7 + BUCKET_COUNT);
  words[7 + 5] = 1;
  assert.is(quantile(words, { offset: 7, q: 0.5, count: 1, min: 0, max: 100 }), 5);
});

test.run();

/** The middle of a bucket, in ms: what a histogram with one value there gives when its extremes are unknown. */
function middleOf(index: number): number {
  const words = new Float64Array(BUCKET_COUNT);
  words[index] = 1;
  return quantile(words, { offset: 0, q: 0.5, count: 1, min: 0, max: Number.POSITIVE_INFINITY });
}

function quantileOf(times: readonly number[], q: number): number {
  const words = new Float64Array(BUCKET_COUNT);
  for (const time of times) words[bucketIndex(time)] = (words[bucketIndex(time)] ?? 0) + 1;
  const [min, max] = times.length === 0 ? [0, 0] : [Math.min(...times), Math.max(...times)];
  return quantile(words, { offset: 0, q, count: times.length, min, max });
}
