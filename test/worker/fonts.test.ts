/**
 * When fonts are looked for: once nobody is served, and after a while in any case.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { untilIdle } from '../../src/worker/fonts.js';
import { createTimedClock } from '../admission/timed-clock.js';

const test = suite('worker/fonts');
const LOOK_EVERY_MS = 2_000;
const LOOKS_MAX = 30;

async function looking(isBusy: () => boolean) {
  const clock = createTimedClock();
  const state = { isOver: false };
  const waiting = untilIdle(clock, isBusy).then(() => {
    state.isOver = true;
  });
  const pass = async (ms: number): Promise<void> => {
    clock.pass(ms);
    // What the timer has settled goes on in promises.
    await new Promise(setImmediate);
  };
  return { clock, state, waiting, pass };
}

test('waits a while even when nobody is served, since somebody may come at once', async () => {
  const { state, pass, clock } = await looking(() => false);
  await pass(LOOK_EVERY_MS - 1);
  assert.is(state.isOver, false);
  await pass(1);
  assert.is(state.isOver, true);
  assert.is(clock.timers(), 0);
});

test('waits for as long as somebody is served', async () => {
  let isBusy = true;
  const { state, pass } = await looking(() => isBusy);
  for (let look = 1; look <= 3; look++) await pass(LOOK_EVERY_MS);
  assert.is(state.isOver, false);
  isBusy = false;
  await pass(LOOK_EVERY_MS);
  assert.is(state.isOver, true);
});

test('waits for a minute at most', async () => {
  const { state, pass, clock } = await looking(() => true);
  for (let look = 1; look < LOOKS_MAX; look++) await pass(LOOK_EVERY_MS);
  assert.is(state.isOver, false);
  await pass(LOOK_EVERY_MS);
  assert.is(state.isOver, true);
  assert.is(clock.timers(), 0);
});

test.run();
