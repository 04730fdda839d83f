import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHeartbeat, MISSES_MAX } from '../../src/pool/heartbeat.js';

const test = suite('pool/heartbeat');

test('a thread is given up after so many looks without a sign, and not one sooner', () => {
  const heartbeat = createHeartbeat();
  const looks = Array.from({ length: MISSES_MAX + 1 }, () => heartbeat.isAlive(3));
  // The first look has nothing to compare with.
  assert.equal(looks, [true, true, true, true, true, false]);
});

test('one sign makes up for all that were missed', () => {
  const heartbeat = createHeartbeat();
  for (let beats = 0; beats < 3; beats++) {
    for (let i = 0; i < MISSES_MAX; i++) assert.is(heartbeat.isAlive(beats), true);
  }
});

test('the count of beats may wrap', () => {
  const heartbeat = createHeartbeat();
  for (const beats of [2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1]) assert.is(heartbeat.isAlive(beats), true);
});

test.run();
