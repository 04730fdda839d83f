/**
 * When a resource counts as over its limit: by the mean of five seconds, and until the mean is well below the limit
 * again.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createOverload } from '../../src/server/overload.js';
import { createFakeClock } from '../metrics/fake-clock.js';

const test = suite('server/overload');

/** What is said after each of `ratios`, one a second. */
function judged(ratios: readonly (number | null)[], limitPercent = 99): string {
  const clock = createFakeClock(0);
  const overload = createOverload({ clock, limitPercent });
  assert.not(overload.isOver());
  return ratios
    .map((ratio) => {
      clock.pass(1_000);
      overload.sample(ratio);
      return overload.isOver() ? 'X' : '.';
    })
    .join('');
}

test('one busy second is no overload, at the start neither; five are', () => {
  assert.is(judged([1, 0.2, 0.2, 1, 0.5, 0.2, 1, 1, 0.9, 1]), '..........');
  assert.is(judged([1, 1, 1, 1]), '....');
  assert.is(judged([0.3, 1, 1, 1, 1, 1, 1]), '.....XX');
});

test('the mean is over the limit, not at it', () => {
  assert.is(judged(Array(7).fill(0.5), 50), '.......');
  assert.is(judged(Array(7).fill(0.51), 50), '....XXX');
  assert.is(judged([0.9, 0.2, 0.2, 0.9, 0.3, 0.95], 50), '.....X');
  assert.is(judged(Array(9).fill(1), 100), '.........', 'nothing is over all there is');
});

test('it is over until the mean is well below the limit', () => {
  assert.is(judged([1, 1, 1, 1, 1, 0.95, 1, 0.98, 0.96, 1, 0.9, 0.97]), '....XXXXXXXX');
  assert.is(judged([1, 1, 1, 1, 1, 0.8, 0.9, 1, 1, 1, 1, 1]), '....XX.....X');
  assert.is(judged([...Array(5).fill(0.02), ...Array(4).fill(0)], 1), '..XXXXX..', 'a low limit can be left, too');
});

test('what cannot be read turns nobody away', () => {
  assert.is(judged([1, 1, 1, 1, 1, null, 1, 1, 1, 1, 1]), '....X.....X');
  assert.is(judged([1, 1, 1, 1, 1, null, null, null]), '....X...');
});

test('a reading counts for the time that it is of', () => {
  const clock = createFakeClock(0);
  const overload = createOverload({ clock, limitPercent: 99 });
  clock.pass(4_900);
  overload.sample(1);
  assert.not(overload.isOver());
  clock.pass(20_000);
  overload.sample(1);
  assert.ok(overload.isOver(), 'who was too busy to read was busy');
  clock.pass(20);
  overload.sample(0);
  assert.ok(overload.isOver(), 'a moment is no rest');
  clock.step(3_600_000);
  clock.pass(1_000);
  overload.sample(0.5);
  assert.not(overload.isOver());
});

test.run();
