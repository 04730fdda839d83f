/**
 * A shard with two real browsers: one that gets new sessions, and an older one whose sessions are finishing.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BrowserProcess } from '../../src/browsers/spawn.js';
import { systemClock } from '../../src/clock.js';
import type { Need } from '../../src/worker/lease.js';
import { type Needed, openNeeded } from '../../src/worker/needed.js';
import { createShard, type Shard } from '../../src/worker/shard.js';
import type { Tally } from '../../src/worker/tally.js';
import { startChromium } from '../browsers/started.js';
import { deadline, until } from '../deadline.js';
import { type Exits, openExits } from './exits.js';

interface Scene {
  folder: string;
  browsers: BrowserProcess[];
  shard: Shard;
  exits: Exits;
  lost: number[];
  ready: number;
  needed: Needed;
}

const test = suite<Scene>('worker/shard');
const WAIT_MS = 20_000;
const PLAIN: Need = { kind: 'plain' };
const PLAN = { pagesMax: 1, cpus: 1 };
const PLAYWRIGHT: Need = { kind: 'playwright', options: null };
const NOBODY: Tally = {
  phase: () => {},
  prewarm: () => {},
  pageCrash: () => {},
  networkFailure: () => {},
  report: () => {},
  contextsLeaked: () => {},
  clients: { frame: () => {}, page: () => {}, refusal: () => {}, flush: () => {} },
};

test.before((scene) => {
  scene.folder = mkdtempSync(join(tmpdir(), 'headcount-test-shard-'));
});
test.before.each((scene) => {
  Object.assign(scene, {
    browsers: [],
    lost: [],
    ready: 0,
    exits: openExits(),
    needed: openNeeded(new SharedArrayBuffer(4)),
  });
  const onReady = (pages: number): void => {
    scene.ready = pages;
  };
  const onLoading = (): void => {};
  const { egress } = scene.exits;
  const parts = {
    tally: NOBODY,
    clock: systemClock,
    readyPlan: PLAN,
    egress,
    needed: scene.needed,
    onReady,
    onLoading,
  };
  scene.shard = createShard(parts);
});
test.after.each(async ({ browsers, exits }) => {
  exits.close();
  for (const one of browsers) one.kill('shutdown');
  await Promise.all(browsers.map(({ exited }) => exited));
});
test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

/** Starts a browser and attaches to it, as main and the worker do together. */
async function takeOver(scene: Scene): Promise<BrowserProcess> {
  const started = await startChromium(scene.folder);
  const generation = scene.browsers.push(started);
  const { pid, readPath, writePath, artifactsDir, homeDir } = started;
  const told = { onLost: () => scene.lost.push(generation), onUnusable: () => {}, onDoubt: () => {} };
  await deadline(
    scene.shard.attach({ generation, pid, readPath, writePath, artifactsDir, homeDir }, told),
    WAIT_MS,
    'attaching',
  );
  started.releaseEnds();
  return started;
}

async function openPage(scene: Scene, need: Need) {
  const lease = await deadline(scene.shard.lease(need), WAIT_MS, 'a lease');
  return {
    lease,
    async evaluate(expression: string): Promise<unknown> {
      return (await deadline(lease.cdp.send('Runtime.evaluate', { expression }), WAIT_MS, expression)).result.value;
    },
  };
}

/** A session after which another is likely. */
async function visit(scene: Scene): Promise<void> {
  const { lease } = await openPage(scene, PLAIN);
  await deadline(scene.shard.release(lease), WAIT_MS, 'its release');
}

/** Whether the code of Playwright is in this process. */
function isLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/playwright-core/lib/'));
}

// The first test, because what is loaded once stays.
test('Playwright is made ready where sessions of the server have come to need it', async (scene) => {
  const { shard, needed } = scene;
  await takeOver(scene);
  shard.prepare();
  const { lease } = await openPage(scene, PLAIN);
  await deadline(shard.release(lease), WAIT_MS, 'its release');
  assert.not(isLoaded() || needed.isPlaywrightNeeded(), 'a plain session does without');
  // As another worker says it.
  needed.needPlaywright();
  shard.prepare();
  await until(isLoaded, WAIT_MS, 'Playwright');
});

test('sessions of the one before go on, and what it had kept ready goes', async (scene) => {
  const { shard } = scene;
  const first = await takeOver(scene);
  await visit(scene);
  await until(() => scene.ready === 1, WAIT_MS, 'a ready page');
  const old = [await openPage(scene, PLAIN), await openPage(scene, PLAYWRIGHT)];
  await takeOver(scene);
  await until(() => scene.ready === 1, WAIT_MS, 'a ready page of the other');
  const young = await openPage(scene, PLAIN);
  for (const [i, { evaluate }] of [...old, young].entries()) assert.is(await evaluate(`${i} + 1`), i + 1);
  // As soon as the pages are gone that the first browser had kept ready.
  await until(() => shard.contextsOpen() === 3, WAIT_MS, 'the contexts of both');
  assert.is(shard.pagesOpen(), 3);
  assert.is(await shard.strayContexts(), 0);
  assert.is(shard.census().length, 2);
  for (const { lease } of old) await deadline(shard.release(lease), WAIT_MS, 'a release');
  assert.is(shard.contextsOpen(), 1, 'none is made ready in the one before');
  const [before] = shard.census();
  assert.equal([before?.contexts, before?.pages], [0, 0]);
  first.kill('recycled');
  await until(() => scene.lost.length === 1, WAIT_MS, 'the loss');
  assert.equal(scene.lost, [1]);
  assert.is(shard.census().length, 1, 'nothing of it is held');
  assert.is(await young.evaluate('6 * 7'), 42);
  await shard.release(young.lease);
});

test('one that is lost takes its own sessions with it, and no others', async (scene) => {
  const { shard } = scene;
  const first = await takeOver(scene);
  const old = await openPage(scene, PLAIN);
  const second = await takeOver(scene);
  const young = await openPage(scene, PLAIN);
  first.kill('killed');
  await deadline(new Promise<void>((resolve) => old.lease.lost.on(resolve)), WAIT_MS, 'word of the loss');
  assert.is(await young.evaluate('1'), 1);
  await deadline(shard.release(old.lease), WAIT_MS, 'the release of what is gone');
  second.kill('killed');
  await until(() => scene.lost.length === 2, WAIT_MS, 'both losses');
  await deadline(shard.release(young.lease), WAIT_MS, 'the other release');
  assert.equal([shard.contextsOpen(), shard.pagesOpen(), shard.census()], [0, 0, []]);
  assert.match(await shard.lease(PLAIN).then(() => '', String), 'the browser is gone');
});

test('a session that needs Playwright makes that known to all workers', async (scene) => {
  await takeOver(scene);
  const { lease } = await openPage(scene, PLAYWRIGHT);
  assert.ok(scene.needed.isPlaywrightNeeded());
  await deadline(scene.shard.release(lease), WAIT_MS, 'its release');
});

test('a page is kept ready where a session has come lately, in the next browser too', async (scene) => {
  const { shard } = scene;
  const first = await takeOver(scene);
  assert.is(shard.contextsOpen(), 0);
  await visit(scene);
  await until(() => scene.ready === 1, WAIT_MS, 'a ready page');
  first.kill('killed');
  await until(() => scene.lost.length === 1, WAIT_MS, 'its end');
  await takeOver(scene);
  await until(() => scene.ready === 1, WAIT_MS, 'a page in the next browser');
  shard.rest();
  await until(() => shard.contextsOpen() === 0, WAIT_MS, 'rest');
  assert.is(scene.ready, 0);
});

test.run();
