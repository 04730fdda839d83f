/**
 * The rate is what ended within the last minute, over periods and whatever the clock of the page says.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRate, type Rate } from '../../src/page/rate.js';
import { rowAt } from './rows.js';

const test = suite('page/rate');
const PERIOD_MS = 300_000;

/** A second at a time, `perSecond` sessions each. */
function run(rate: Rate, fromS: number, toS: number, perSecond: number): void {
  for (let second = fromS; second <= toS; second++) {
    const atMs = second * 1_000;
    const date = Math.floor(atMs / PERIOD_MS) * PERIOD_MS;
    rate.add(rowAt(date, { successful: ((atMs - date) / 1_000) * perSecond }), atMs);
  }
}

test('says nothing before there are two samples', () => {
  const rate = createRate();
  assert.is(rate.now(), null);
  rate.add(rowAt(0), 1_000);
  assert.is(rate.now(), null);
  rate.add(rowAt(0, { error: 1, timedout: 1 }), 2_000);
  assert.equal(rate.now(), { perMinute: 120, overMs: 1_000 });
});

test('what ended before the first sample is not counted', () => {
  const rate = createRate();
  rate.add(rowAt(0, { successful: 1_000 }), 1_000);
  rate.add(rowAt(0, { successful: 1_000 }), 2_000);
  assert.is(rate.now()?.perMinute, 0);
});

test('only the last minute counts', () => {
  const rate = createRate();
  run(rate, 0, 100, 5);
  assert.is(rate.now()?.perMinute, 300);
  for (let second = 101; second <= 161; second++) rate.add(rowAt(0, { successful: 500 }), second * 1_000);
  assert.is(rate.now()?.perMinute, 0);
});

test('goes on over the end of a period', () => {
  const rate = createRate();
  run(rate, 250, 330, 2);
  const now = rate.now();
  // What ended in the last second of a row is in no sample.
  assert.is(now?.perMinute, 2 * 59);
  assert.is(now?.overMs, 60_000);
});

test('begins anew when told', () => {
  const rate = createRate();
  run(rate, 0, 10, 1);
  rate.reset();
  assert.is(rate.now(), null);
});

test.run();
