/**
 * What is kept ready in a real browser, and for whom. Only when a page is begun is the test's own: each waits at a gate
 * for its turn, so that who comes before and who comes after is not left to chance.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BrowserProcess } from '../../src/browsers/spawn.js';
import { systemClock } from '../../src/clock.js';
import type { ReadyPlan } from '../../src/protocol/setup.js';
import { type Attached, createAttached } from '../../src/worker/attached.js';
import { attachBrowser } from '../../src/worker/browser.js';
import { createHousehold, type Household, type Wanted } from '../../src/worker/household.js';
import type { Lease, Need, Opened } from '../../src/worker/lease.js';
import { startChromium } from '../browsers/started.js';
import { deadline, until } from '../deadline.js';
import { type Exits, openExits } from './exits.js';

interface Scene {
  folder: string;
  browser: BrowserProcess;
  attached: Attached;
  exits: Exits;
  household: Household;
  wanted: Wanted;
  /** Pages that were begun and wait for their turn, the oldest first: to be made, or what comes of it instead. */
  gates: ((instead?: Promise<Opened>) => void)[];
  begun: Need[];
  found: string[];
  ready: number;
}

const test = suite<Scene>('worker/household');
const WAIT_MS = 20_000;
const PLAIN: Need = { kind: 'plain' };
const ONE_CPU: ReadyPlan = { pagesMax: 1, cpus: 1 };

test.before(async (scene) => {
  scene.folder = mkdtempSync(join(tmpdir(), 'headcount-test-household-'));
  scene.exits = openExits();
  const browser = await startChromium(scene.folder);
  scene.browser = browser;
  const { pid, readPath, writePath, artifactsDir, homeDir } = browser;
  const endpoint = { generation: 1, pid, readPath, writePath, artifactsDir, homeDir };
  const attachment = await deadline(
    attachBrowser(
      endpoint,
      () => {},
      () => {},
    ),
    WAIT_MS,
    'attaching',
  );
  browser.releaseEnds();
  const told = { onUnusable: () => {}, onDoubt: () => {} };
  scene.attached = createAttached({ ...attachment, pid, egress: scene.exits.egress, clock: systemClock, ...told });
});
test.before.each((scene) => {
  Object.assign(scene, { gates: [], begun: [], found: [], ready: 0 });
});
test.after.each(async (scene) => {
  scene.household.retire();
  const isGone = async (): Promise<boolean> => {
    await letAllBeMade(scene);
    return scene.attached.contextsOpen() === 0;
  };
  await until(isGone, WAIT_MS, 'everything is gone');
});
test.after(async ({ folder, browser, exits }) => {
  exits.close();
  browser.kill('shutdown');
  await browser.exited;
  rmSync(folder, { recursive: true, force: true });
});

function keepHouse(scene: Scene, plan: ReadyPlan, isLikely = true): void {
  scene.wanted = { kind: 'plain', isLikely };
  const { attached } = scene;
  const open: Attached['open'] = async (need) => {
    scene.begun.push(need);
    return await new Promise<Opened>((resolve) => {
      scene.gates.push((instead) => resolve(instead ?? attached.open(need)));
    });
  };
  scene.household = createHousehold({
    attached: { ...attached, open },
    tally: { prewarm: (result) => scene.found.push(result) },
    clock: systemClock,
    plan,
    wanted: scene.wanted,
    onReady: (pages) => {
      scene.ready = pages;
    },
  });
}

function rest({ household, wanted }: Scene): void {
  wanted.isLikely = false;
  household.rest();
}

async function letAllBeMade(scene: Scene): Promise<void> {
  for (const go of scene.gates.splice(0)) go();
  await new Promise((resolve) => setImmediate(resolve));
}

function failing(): Promise<never> {
  return Promise.reject(new Error('no page can be made'));
}

async function makeReady(scene: Scene): Promise<void> {
  await letAllBeMade(scene);
  await until(() => scene.ready === 1, WAIT_MS, 'a ready page');
}

async function lease({ household }: Scene, need = PLAIN): Promise<Lease> {
  const opened = await deadline(household.lease(need), WAIT_MS, 'a lease');
  const { result } = await deadline(
    opened.lease.cdp.send('Runtime.evaluate', { expression: '6 * 7' }),
    WAIT_MS,
    'its page',
  );
  assert.is(result.value, 42);
  return opened.lease;
}

test('none is made ahead while a session has the CPU for itself, and the next when it has gone', async (scene) => {
  keepHouse(scene, ONE_CPU);
  await makeReady(scene);
  const first = await lease(scene);
  assert.equal([scene.begun.length, scene.ready], [1, 0]);
  const leasing = lease(scene);
  assert.is(scene.begun.length, 2, 'only what the second waits for');
  await letAllBeMade(scene);
  const second = await leasing;
  await scene.household.release(first);
  assert.is(scene.begun.length, 2, 'the second is still there');
  await scene.household.release(second);
  assert.is(scene.begun.length, 3);
  await makeReady(scene);
  assert.equal(scene.found, ['hit', 'miss']);
});

test('who comes while a page is being made gets that one, the first before the others', async (scene) => {
  keepHouse(scene, ONE_CPU);
  assert.is(scene.begun.length, 1);
  const first = lease(scene);
  assert.is(scene.begun.length, 1, 'none is made beside it');
  const second = lease(scene);
  await until(() => scene.begun.length === 2, WAIT_MS, 'one for the second');
  scene.gates.shift()?.();
  const one = await first;
  await letAllBeMade(scene);
  const other = await second;
  assert.is.not(one, other);
  assert.equal([scene.ready, scene.attached.contextsOpen()], [0, 2]);
  for (const each of [one, other]) await scene.household.release(each);
  assert.equal(scene.found, ['miss', 'miss']);
});

test('the time of who got one that was being made is its own, not that of the page', async (scene) => {
  keepHouse(scene, ONE_CPU);
  const begunAtMs = systemClock.monotonicMs();
  await until(() => systemClock.monotonicMs() - begunAtMs > 1, WAIT_MS, 'some time');
  const askedAtMs = systemClock.monotonicMs();
  const opening = scene.household.lease(PLAIN);
  await letAllBeMade(scene);
  const { lease: mine, contextMs, pageMs } = await deadline(opening, WAIT_MS, 'a lease');
  assert.ok(contextMs > 0 && contextMs <= systemClock.monotonicMs() - askedAtMs);
  assert.is(pageMs, 0);
  await scene.household.release(mine);
});

test('whose page could not be made after all gets one of its own, or is told why not', async (scene) => {
  keepHouse(scene, ONE_CPU);
  const first = lease(scene);
  scene.gates.shift()?.(failing());
  await until(() => scene.begun.length === 2, WAIT_MS, 'one for itself');
  await letAllBeMade(scene);
  await scene.household.release(await first);
  const second = scene.household.lease(PLAIN).then(() => 'a lease', String);
  scene.gates.shift()?.(failing());
  await until(() => scene.begun.length === 4, WAIT_MS, 'another for itself');
  scene.gates.shift()?.(failing());
  assert.is(await deadline(second, WAIT_MS, 'why'), 'Error: no page can be made');
});

test('a page whose exit was lost while it was made is given to nobody', async (scene) => {
  keepHouse(scene, ONE_CPU);
  const stale = await scene.attached.open(PLAIN);
  scene.exits.lose();
  await until(() => stale.lease.exit?.lost.hasHappened() === true, WAIT_MS, 'the loss');
  scene.exits.serve();
  const leasing = lease(scene);
  scene.gates.shift()?.(Promise.resolve(stale));
  await until(() => scene.begun.length === 2, WAIT_MS, 'one with an exit that is there');
  await letAllBeMade(scene);
  const mine = await leasing;
  assert.is.not(mine, stale.lease);
  assert.is(mine.exit?.lost.hasHappened(), false);
  await scene.household.release(mine);
});

test('who needs a page of another make does not get the one that is being made', async (scene) => {
  keepHouse(scene, ONE_CPU);
  const needs: Need[] = [
    { kind: 'plain', isInsecure: true },
    { kind: 'playwright', options: null },
  ];
  const leasing = needs.map((need) => lease(scene, need));
  await until(() => scene.begun.length === 3, WAIT_MS, 'one for each');
  assert.equal(scene.begun, [PLAIN, ...needs]);
  await letAllBeMade(scene);
  const [insecure, ofPlaywright] = await Promise.all(leasing);
  assert.ok(insecure?.playwright === null && ofPlaywright?.playwright);
  await until(() => scene.attached.contextsOpen() === 2, WAIT_MS, 'what was made for nobody is gone');
  for (const each of await Promise.all(leasing)) await scene.household.release(each);
  assert.equal(scene.begun.at(-1), { kind: 'playwright', options: null }, 'what was asked for last');
});

test('with CPUs to spare as many are made ahead as there is room for, and no more than are wanted', async (scene) => {
  keepHouse(scene, { pagesMax: 3, cpus: 4 });
  assert.is(scene.begun.length, 2, 'two at a time');
  await letAllBeMade(scene);
  await until(() => scene.begun.length === 3, WAIT_MS, 'the third');
  await letAllBeMade(scene);
  await until(() => scene.ready === 3, WAIT_MS, 'three');
  const first = await lease(scene);
  assert.is(scene.begun.length, 4, 'beside one session there is room for one');
  const second = await lease(scene);
  await letAllBeMade(scene);
  await until(() => scene.ready === 2, WAIT_MS, 'what was begun before the second came');
  assert.is(scene.begun.length, 4, 'beside two there is none');
  await scene.household.release(first);
  assert.is(scene.begun.length, 5);
  await scene.household.release(second);
});

test('where nobody has come for a while nothing is kept ready, until somebody comes', async (scene) => {
  keepHouse(scene, ONE_CPU, false);
  assert.equal([scene.begun.length, scene.ready], [0, 0]);
  const leasing = lease(scene);
  await letAllBeMade(scene);
  await scene.household.release(await leasing);
  assert.is(scene.begun.length, 2, 'another may come');
  await makeReady(scene);
  rest(scene);
  assert.is(scene.ready, 0);
  await until(() => scene.attached.contextsOpen() === 0, WAIT_MS, 'it is gone');
  assert.is(scene.begun.length, 2);
});

test('what is being made when nobody is likely to come any more is not kept', async (scene) => {
  keepHouse(scene, ONE_CPU);
  assert.is(scene.begun.length, 1);
  rest(scene);
  await letAllBeMade(scene);
  await until(() => scene.attached.contextsOpen() === 0, WAIT_MS, 'it is gone');
  assert.equal([scene.begun.length, scene.ready], [1, 0]);
});

test.run();
