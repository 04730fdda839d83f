/**
 * What is done again and again, by made-up time.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { every, untilNext } from '../src/clock.js';
import { createTimedClock } from './admission/timed-clock.js';

const test = suite('clock');

test('all wait for the same moments, whenever they began', () => {
  const clock = createTimedClock();
  const did: string[] = [];
  every(clock, 1_000, () => did.push('first'));
  clock.pass(300);
  every(clock, 1_000, () => did.push('second'));
  clock.pass(699);
  assert.equal(did, []);
  clock.pass(1);
  assert.equal(did, ['first', 'second']);
  clock.pass(1_000);
  assert.equal(did, ['first', 'second', 'first', 'second']);
});

test('it ends, also within its task', () => {
  const clock = createTimedClock();
  let count = 0;
  const stop = every(clock, 1_000, () => {
    if (++count === 2) stop();
  });
  clock.pass(5_000);
  assert.is(count, 2);
});

test('a timer that fires early is not followed by another at once', () => {
  const at = (ms: number): number => untilNext({ monotonicMs: () => ms }, 1_000);
  assert.equal(
    [at(0), at(1), at(994), at(996), at(999.6)],
    [1_000, 999, 6, 1_004, 1_000.4].map((ms) => ms),
  );
});

test.run();
