/**
 * When a thread collects its garbage, and that it does.
 */

import { getHeapStatistics } from 'node:v8';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collectAtRest, collectGarbage } from '../src/garbage.js';
import { createTimedClock, type TimedClock } from './admission/timed-clock.js';

interface Scene {
  clock: TimedClock;
  isBusy: boolean;
  collections: number;
  stop: () => void;
}

const test = suite<Scene>('garbage');
const LOOK_MS = 10_000;

test.before.each((scene) => {
  Object.assign(scene, { clock: createTimedClock(), isBusy: false, collections: 0 });
  scene.stop = collectAtRest({
    clock: scene.clock,
    isBusy: () => scene.isBusy,
    collect: () => void scene.collections++,
  });
});

test('once after the start, and not again for as long as nothing happens', (scene) => {
  scene.clock.pass(LOOK_MS - 1);
  assert.is(scene.collections, 0);
  scene.clock.pass(1);
  assert.is(scene.collections, 1);
  scene.clock.pass(100 * LOOK_MS);
  assert.is(scene.collections, 1);
});

test('not while there is work, and once after it', (scene) => {
  scene.isBusy = true;
  scene.clock.pass(10 * LOOK_MS);
  assert.is(scene.collections, 0);
  scene.isBusy = false;
  scene.clock.pass(LOOK_MS);
  assert.is(scene.collections, 0, 'it may be a pause');
  scene.clock.pass(LOOK_MS);
  assert.is(scene.collections, 1);
  scene.clock.pass(10 * LOOK_MS);
  assert.is(scene.collections, 1);
});

test('nothing is left when it has ended', ({ clock, stop }) => {
  assert.is(clock.timers(), 1);
  stop();
  assert.is(clock.timers(), 0);
});

test('what nobody holds is gone', () => {
  const held = [Array.from({ length: 1_000_000 }, (_, i) => ({ i }))];
  const before = getHeapStatistics().used_heap_size;
  held.pop();
  collectGarbage();
  assert.ok(before - getHeapStatistics().used_heap_size > 2 ** 24);
});

test.run();
