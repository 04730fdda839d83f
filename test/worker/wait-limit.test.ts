/**
 * How long a session waits when its client has named no limit.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { waitLimit } from '../../src/worker/wait-limit.js';
import { createTimedClock } from '../admission/timed-clock.js';

const test = suite('worker/wait-limit');

test('half a minute, as Puppeteer does, when the session has no limit or a long one', () => {
  const clock = createTimedClock();
  assert.is(waitLimit(clock, null)(), 30_000);
  const limitMs = waitLimit(clock, 60_000);
  clock.pass(29_000);
  assert.is(limitMs(), 30_000);
  clock.pass(1_000);
  assert.is(limitMs(), 29_000);
});

test('less than the session has left, and never nothing', () => {
  const clock = createTimedClock();
  const limitMs = waitLimit(clock, 30_000);
  assert.is(limitMs(), 29_000);
  clock.pass(28_500);
  assert.is(limitMs(), 500);
  clock.pass(1_000);
  assert.is(limitMs(), 1);
  assert.is(waitLimit(clock, 1_000)(), 750, 'a quarter of a short one');
});

test.run();
