/**
 * The pool over real threads, without browsers: who gets a job, and what becomes of it when a thread goes.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../src/clock.js';
import { createLanes, openLaneReader } from '../../src/metrics/lane.js';
import { createPool, type Pool } from '../../src/pool/pool.js';
import type { CdpJob } from '../../src/protocol/cdp.js';
import type { Job } from '../../src/protocol/job.js';
import { deadline, until } from '../deadline.js';

interface Scene {
  folder: string;
  pool: Pool;
  told: string[];
}

const test = suite<Scene>('pool/pool');
const WAIT_MS = 10_000;
const WORKERS = 2;
const SHAPE = { laneCount: WORKERS, capacity: 64 };

test.before.each(async (scene) => {
  scene.folder = mkdtempSync(join(tmpdir(), 'headcount-test-pool-'));
  scene.told = [];
  const lanes = createLanes(SHAPE);
  scene.pool = createPool({
    entry: fileURLToPath(new URL('./pool-entry.js', import.meta.url)),
    workers: WORKERS,
    cpus: WORKERS,
    tempDir: scene.folder,
    heapMb: 64,
    // These threads count nothing.
    setup: {
      lanes,
      laneShape: SHAPE,
      domains: {} as never,
      readyPlan: { pagesMax: 0, cpus: 1 },
      needed: new SharedArrayBuffer(4),
      codeFolder: '',
    },
    lanes: Array.from({ length: WORKERS }, (_, index) => openLaneReader(lanes, SHAPE, index)),
    clock: systemClock,
    drain: () => scene.told.push('drain'),
    egress: () => null,
    events: {
      onThreadReady: (shard) => scene.told.push(`ready ${shard}`),
      onThreadLost: (shard, reason) => scene.told.push(`lost ${shard}: ${reason}`),
      onThreadFailed: (message) => scene.told.push(`failed: ${message}`),
      onChange: () => {},
      onFonts: () => {},
      onBrowserLost: () => {},
      onBrowserUnusable: () => {},
    },
  });
  await until(() => scene.told.length === WORKERS, WAIT_MS, 'both threads');
});
test.after.each(async ({ pool, folder }) => {
  await pool.destroy();
  rmSync(folder, { recursive: true });
});

const endpoint = (generation: number) => ({
  generation,
  pid: 0,
  readPath: '',
  writePath: '',
  artifactsDir: '',
  homeDir: '',
});
const job = (html: string): Job => ({ kind: 'content', body: { html } });
const client: CdpJob = { kind: 'cdp', body: { ticket: '', options: {} as never } };

async function attachBoth({ pool }: Scene): Promise<void> {
  for (const shard of [0, 1]) await deadline(pool.attach(shard, endpoint(1)), WAIT_MS, 'attaching');
}

test('each thread is set up as a shard of its own; none takes a job before it is attached', async (scene) => {
  const { pool, told } = scene;
  assert.equal([...told].sort(), ['ready 0', 'ready 1']);
  assert.equal([pool.isReady(), pool.states().map(({ state }) => state)], [false, ['starting', 'starting']]);
  const refused = await pool.run(job('x')).outcome;
  assert.is(refused.isOk || refused.code, 'INTERNAL');
  await attachBoth(scene);
  assert.equal([pool.isReady(), pool.states().map(({ state }) => state)], [true, ['idle', 'idle']]);
  const outcome = await deadline(pool.run(job('done')).outcome, WAIT_MS, 'the outcome');
  assert.is(outcome.isOk || outcome.message, 'done');
});

/** How many run in each shard. */
function sessionsOf({ pool }: Scene): number[] {
  return pool.states().map(({ sessions }) => sessions);
}

test('few jobs come together, more are spread, clients come apart; a detached shard gets none', async (scene) => {
  const { pool } = scene;
  await attachBoth(scene);
  const hang = (times: number) => Array.from({ length: times }, () => pool.run(job('hang')).place.index);
  const connect = () => pool.run(client, null, () => {}).place.index;
  const guest = connect();
  assert.is(connect(), 1 - guest);
  assert.is(connect(), guest, 'the one whose last job is the longest ago');
  const [first, second, ...more] = hang(6);
  assert.equal([first, second], [1 - guest, guest], 'two of them are few');
  assert.equal(more, [1 - guest, 1 - guest, 1 - guest, guest], 'five are many');
  assert.equal(sessionsOf(scene).sort(), [4, 5]);
  pool.detach(0, 7);
  assert.is(pool.states()[0]?.state, 'busy', 'another of its browsers');
  pool.detach(0, 1);
  assert.is(pool.states()[0]?.state, 'starting');
  assert.equal(hang(2), [1, 1]);
});

test('a client does not come where jobs come together', async (scene) => {
  const { pool } = scene;
  await attachBoth(scene);
  const places = [1, 2, 3].map(() => pool.run(job('hang')).place.index);
  assert.is(places[2], places[1]);
  assert.is(pool.run(client, null, () => {}).place.index, places[0]);
  assert.is(pool.run(job('hang')).place.index, places[1], 'and jobs keep away from it');
});

test('with a thread its jobs end, its lane is drained, and another takes its place', async (scene) => {
  const { pool, told } = scene;
  await attachBoth(scene);
  const both = [pool.run(client, null, () => {}), pool.run(job('hang'))];
  told.length = 0;
  const exit = pool.run(job('exit'));
  const victim = exit.place.index;
  assert.equal(both.map(({ place }) => place.index).sort(), [0, 1]);
  for (const one of [exit, ...both.filter(({ place }) => place.index === victim)]) {
    const outcome = await deadline(one.outcome, WAIT_MS, 'the outcome');
    assert.is(outcome.isOk || outcome.code, 'WORKER_CRASHED');
    await deadline(one.released, WAIT_MS, 'the release');
  }
  await until(() => told.includes(`ready ${victim}`), WAIT_MS, 'its successor');
  assert.equal(told, [`lost ${victim}: exit`, 'drain', `ready ${victim}`]);
  assert.is(pool.states()[victim]?.state, 'starting', 'not attached yet');
  assert.is(sessionsOf(scene)[1 - victim], 1, 'the other goes on');
});

test('a thread that is to be replaced is, and its jobs are told', async (scene) => {
  const { pool, told } = scene;
  await attachBoth(scene);
  told.length = 0;
  const running = pool.run(job('hang'));
  const { index } = running.place;
  pool.replaceThread(index);
  const outcome = await deadline(running.outcome, WAIT_MS, 'the outcome');
  assert.match(outcome.isOk ? '' : outcome.message, 'it could not be set up');
  await until(() => told.includes(`ready ${index}`), WAIT_MS, 'its successor');
  assert.is(told[0], `lost ${index}: pool_rebuilt`);
});

test.run();
