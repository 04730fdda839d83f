/**
 * Contexts that are slow to close. The browser is asked whether it lives, and is not given up for being slow. A close
 * that never comes cannot be caused with a real browser, so it is made up.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createOnce, createRecurring, type Once } from '../../src/wait.js';
import { type Attached, createAttached } from '../../src/worker/attached.js';
import type { Connection } from '../../src/worker/cdp/connection.js';
import { createEgress } from '../../src/worker/egress.js';
import type { Lease } from '../../src/worker/lease.js';
import { createTimedClock, type TimedClock } from '../admission/timed-clock.js';

interface Scene {
  clock: TimedClock;
  lost: Once;
  frames: number;
  told: string[];
  attached: Attached;
  closed: () => void;
  lease: Lease;
}

const test = suite<Scene>('worker/attached');

test.before.each((scene) => {
  Object.assign(scene, { clock: createTimedClock(), lost: createOnce(), told: [], frames: 0 });
  const closing = new Promise<void>((resolve) => {
    scene.closed = resolve;
  });
  const lease: Partial<Lease> = { close: () => closing };
  scene.lease = lease as Lease;
  const { lost } = scene;
  const never = (): Promise<never> => new Promise(() => {});
  const connection: Partial<Connection> = {
    cdp: { send: never },
    lost,
    crashes: createRecurring(),
    signCount: () => scene.frames,
    frameCount: () => scene.frames,
  };
  scene.attached = createAttached({
    // Nothing here opens a context of Playwright's.
    playwright: never,
    pid: 0,
    connection: connection as Connection,
    // No page goes out here.
    egress: createEgress(),
    clock: scene.clock,
    onUnusable: (reason) => scene.told.push(reason),
    onDoubt: () => {},
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function pass(scene: Scene, seconds: number, isNoisy: boolean): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    if (isNoisy) scene.frames++;
    scene.clock.pass(1_000);
    await turn();
  }
}

async function dispose(scene: Scene): Promise<() => boolean> {
  let isGone = false;
  void scene.attached.dispose(scene.lease).then(() => {
    isGone = true;
  });
  await turn();
  return () => isGone;
}

test('a context that takes long to close, in a browser that lives, costs nobody anything', async (scene) => {
  const isGone = await dispose(scene);
  await pass(scene, 29, true);
  assert.equal([isGone(), scene.told], [false, []]);
  scene.closed();
  await turn();
  assert.equal([isGone(), scene.told], [true, []]);
  await pass(scene, 60, true);
  assert.equal(scene.told, []);
});

test('one that never closes: the browser is given up, and its slot is taken until that has gone', async (scene) => {
  const isGone = await dispose(scene);
  await pass(scene, 31, true);
  assert.equal([isGone(), scene.told], [false, ['unresponsive']]);
  scene.lost.happen();
  await turn();
  assert.is(isGone(), true);
  assert.is(scene.lost.listenerCount(), 0);
});

test('in a browser that says nothing it is over as soon as that is known', async (scene) => {
  const isGone = await dispose(scene);
  await pass(scene, 6, false);
  assert.equal(scene.told, ['unresponsive']);
  scene.lost.happen();
  await turn();
  assert.is(isGone(), true);
  assert.is(scene.clock.timers(), 0);
});

test.run();
