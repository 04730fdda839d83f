/**
 * When a browser whose process lives is given up. The browser and the clock are made up; a frozen browser and one
 * without its zygote are in `end-to-end/faults.faults.ts`.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createOnce, type Once } from '../../src/wait.js';
import { type Watchdog, watchBrowser } from '../../src/worker/watchdog.js';
import { createTimedClock, type TimedClock } from '../admission/timed-clock.js';

const EVERY_MS = 2_000;

interface Scene {
  clock: TimedClock;
  lost: Once;
  watchdog: Watchdog;
  told: string[];
  frames: number;
  /** Chunks that are parts of frames. */
  parts: number;
  cpuMs: number;
  asked: number;
  probes: number;
  /** What a probe does, by its number. */
  probe: (attempt: number) => Promise<void>;
  trials: number;
  trial: () => Promise<void>;
}

const test = suite<Scene>('worker/watchdog');

test.before.each(async (scene) => {
  Object.assign(scene, {
    clock: createTimedClock(),
    lost: createOnce(),
    told: [],
    frames: 0,
    parts: 0,
    cpuMs: 0,
    asked: 0,
    probes: 0,
  });
  scene.trials = 0;
  scene.trial = async () => {};
  scene.probe = () => Promise.reject(new Error('no page'));
  const send = async (): Promise<never> => {
    scene.asked++;
    return await new Promise<never>(() => {});
  };
  scene.watchdog = watchBrowser({
    connection: {
      cdp: { send },
      lost: scene.lost,
      signCount: () => scene.frames + scene.parts,
      frameCount: () => scene.frames,
    },
    cpuMs: () => scene.cpuMs,
    clock: scene.clock,
    probe: () => scene.probe(++scene.probes),
    trial: () => {
      scene.trials++;
      return scene.trial();
    },
    onUnusable: (reason) => scene.told.push(reason),
    onDoubt: (isDoubted) => scene.told.push(isDoubted ? 'doubted' : 'trusted'),
  });
  await turn();
});

/** Lets promises that have settled run their reactions. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function pass(scene: Scene, ms: number, stepMs = EVERY_MS): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    scene.clock.pass(stepMs);
    await turn();
  }
}

test('one that says nothing at all, twice, is unresponsive; told once', async (scene) => {
  assert.is(scene.asked, 1, 'it was asked at once');
  await pass(scene, EVERY_MS);
  assert.equal(scene.told, []);
  await pass(scene, EVERY_MS);
  assert.equal(scene.told, ['unresponsive']);
  await pass(scene, 10 * EVERY_MS);
  assert.equal(scene.told, ['unresponsive']);
  assert.is(scene.clock.timers(), 0);
});

test('a look that came late is not followed by the next at once', async (scene) => {
  // The thread was busy for as long: its look comes just before the moment of the next.
  await pass(scene, 2 * EVERY_MS - 100, 2 * EVERY_MS - 100);
  assert.is(scene.asked, 2);
  await pass(scene, 1_000, 100);
  assert.is(scene.asked, 2);
  scene.frames++;
  await pass(scene, 1_100, 100);
  assert.is(scene.asked, 3, 'in a moment that all threads share');
  assert.equal(scene.told, []);
});

test('one that says anything, if it is no answer, lives', async (scene) => {
  for (let i = 0; i < 20; i++) {
    // Every second look finds nothing new.
    if (i % 2 === 0) scene.frames++;
    await pass(scene, EVERY_MS);
  }
  assert.equal(scene.told, []);
});

test('one in which a page is being made and none ever is: no pages', async (scene) => {
  scene.watchdog.begun();
  for (let i = 0; i < 8; i++) {
    assert.equal(scene.told, [], `${i}`);
    scene.frames++;
    await pass(scene, EVERY_MS);
  }
  assert.equal(scene.told, ['no_pages']);
});

test('one that is silent and at work is occupied, and its pages are waited for; not for ever', async (scene) => {
  scene.watchdog.begun();
  for (let second = 0; second < 60; second += 2) {
    assert.equal(scene.told, [], `${second}`);
    scene.cpuMs += 600;
    await pass(scene, EVERY_MS);
  }
  assert.equal(scene.told, ['unresponsive']);
});

test('so is one whose frame comes and does not end', async (scene) => {
  scene.watchdog.begun();
  for (let second = 0; second < 40; second += 2) {
    scene.parts++;
    await pass(scene, EVERY_MS);
  }
  assert.equal(scene.told, []);
  // It is no longer occupied, and there is still no page.
  for (let second = 0; second < 16; second += 2) {
    scene.frames++;
    await pass(scene, EVERY_MS);
  }
  assert.equal(scene.told, ['no_pages']);
});

test('one that is silent and does next to nothing is not', async (scene) => {
  for (let look = 0; look < 2; look++) {
    scene.cpuMs += 400;
    await pass(scene, EVERY_MS);
  }
  assert.equal(scene.told, ['unresponsive']);
});

test('as long as one is made now and then, others may wait', async (scene) => {
  scene.watchdog.begun();
  for (let i = 0; i < 12; i++) {
    scene.watchdog.begun();
    scene.frames++;
    await pass(scene, EVERY_MS);
    scene.watchdog.made();
  }
  assert.equal(scene.told, []);
});

test('a page that died while it was made: doubted, asked again, given up when none can be had', async (scene) => {
  scene.watchdog.begun();
  scene.watchdog.failed(true);
  scene.watchdog.begun();
  scene.watchdog.failed(true);
  assert.equal(scene.told, ['doubted'], 'once for both');
  for (let i = 0; i < 20 && scene.told.length < 2; i++) {
    scene.frames++;
    await pass(scene, 250, 250);
  }
  assert.equal(scene.told, ['doubted', 'no_pages']);
  assert.is(scene.probes, 5);
});

test('trusted again as soon as a page can be had', async (scene) => {
  scene.probe = async (attempt) => {
    if (attempt < 3) throw new Error('no page yet');
  };
  scene.watchdog.begun();
  scene.watchdog.failed(true);
  for (let i = 0; i < 20; i++) {
    scene.frames++;
    await pass(scene, 250, 250);
  }
  assert.equal(scene.told, ['doubted', 'trusted']);
  assert.is(scene.probes, 3);
});

test('a probe that hangs is a page that is not made', async (scene) => {
  scene.probe = () => new Promise(() => {});
  scene.watchdog.begun();
  scene.watchdog.failed(true);
  for (let i = 0; i < 10; i++) {
    scene.frames++;
    await pass(scene, EVERY_MS);
  }
  assert.equal(scene.told, ['doubted', 'no_pages']);
});

test('a browser that answers and does not draw or load: two trials that hang, and it is given up', async (scene) => {
  scene.trial = () => new Promise(() => {});
  scene.watchdog.suspect();
  scene.watchdog.suspect();
  for (let i = 0; i < 12; i++) {
    scene.frames++;
    await pass(scene, EVERY_MS);
  }
  assert.is(scene.trials, 2);
  assert.equal(scene.told, ['unresponsive']);
});

test('one that does is tried no more often than each half minute', async (scene) => {
  for (let second = 0; second < 60; second++) {
    scene.watchdog.suspect();
    scene.frames++;
    await pass(scene, 1_000, 1_000);
  }
  assert.is(scene.trials, 2);
  assert.equal(scene.told, []);
});

test('what fails for another reason is no doubt of the browser', async (scene) => {
  scene.watchdog.begun();
  scene.watchdog.failed(false);
  assert.equal(scene.told, []);
});

test('once it is lost nobody is told, and nothing is left waiting', async (scene) => {
  scene.watchdog.begun();
  scene.watchdog.failed(true);
  await pass(scene, EVERY_MS);
  scene.lost.happen();
  await turn();
  await pass(scene, 5 * EVERY_MS, 250);
  assert.equal(scene.told, ['doubted']);
  assert.is(scene.clock.timers(), 0);
  assert.is(scene.lost.listenerCount(), 0);
});

test.run();
