import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecent } from '../../src/admission/recent.js';
import { createTimedClock } from './timed-clock.js';

const test = suite('admission/recent');

test('counts what was within five minutes, and forgets it a second at a time', () => {
  const clock = createTimedClock();
  const recent = createRecent(clock);
  assert.is(recent.count(), 0);
  recent.add();
  recent.add();
  clock.pass(100_000);
  recent.add();
  assert.is(recent.count(), 3);
  clock.pass(199_999);
  assert.is(recent.count(), 3);
  clock.pass(1);
  assert.is(recent.count(), 1);
  clock.pass(99_999);
  assert.is(recent.count(), 1);
  clock.pass(1);
  assert.is(recent.count(), 0);
});

test('a long silence forgets everything, and a burst within a second is counted whole', () => {
  const clock = createTimedClock();
  const recent = createRecent(clock);
  for (let i = 0; i < 100_000; i++) recent.add();
  assert.is(recent.count(), 100_000);
  clock.pass(86_400_000);
  assert.is(recent.count(), 0);
  recent.add();
  assert.is(recent.count(), 1);
});

test.run();
