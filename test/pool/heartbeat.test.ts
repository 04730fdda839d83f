import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHeartbeat, LOADING_MISSES_MAX, MISSES_MAX } from '../../src/pool/heartbeat.js';

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

test('a thread that loads code has more time, and is not given up for what it missed meanwhile', () => {
  const heartbeat = createHeartbeat();
  heartbeat.setLoading(true);
  const looks = Array.from({ length: LOADING_MISSES_MAX + 1 }, () => heartbeat.isAlive(3));
  assert.is(looks.indexOf(false), LOADING_MISSES_MAX);
  const patient = createHeartbeat();
  patient.setLoading(true);
  for (let i = 0; i < LOADING_MISSES_MAX; i++) assert.is(patient.isAlive(3), true);
  patient.setLoading(false);
  for (let i = 1; i < MISSES_MAX; i++) assert.is(patient.isAlive(3), true);
  assert.is(patient.isAlive(3), false);
});

test('the count of beats may wrap', () => {
  const heartbeat = createHeartbeat();
  for (const beats of [2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1]) assert.is(heartbeat.isAlive(beats), true);
});

test.run();
