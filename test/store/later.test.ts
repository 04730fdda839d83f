/**
 * A history file that cannot be had at the start. It is tried again for as long as that lasts, and each try is counted.
 * The log says it once when it begins and once when it is over. Then all rows since the start are in the file, whatever
 * was there before.
 */

import * as fs from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Files } from '../../src/store/files.js';
import { deadline } from '../deadline.js';
import { checkSums, type Folder, type Life, type LifeOptions, makeFolder, PERIOD_MS, startLife } from './life.js';

/** The longest pause between two tries. */
const AGAIN_MOST_MS = 10_000;

const test = suite<{ folder: Folder }>('store, a file that comes later');

test.before.each((context) => {
  context.folder = makeFolder('later');
});
test.after.each(({ folder }) => folder.remove());

/** Flushes once a second, as the server does, and returns the seconds at which a try failed. */
async function failuresIn(life: Life, seconds: number): Promise<number[]> {
  const failed: number[] = [];
  for (let second = 1; second <= seconds; second++) {
    life.clock.pass(1_000);
    const before = life.failures.length;
    await life.history.flush();
    if (life.failures.length > before) failed.push(second);
  }
  return failed;
}

function timesOf(life: Life): (readonly number[])[] {
  return life.shown().map(({ sessionTimes }) => sessionTimes);
}

/** What the next server finds. */
async function nextTimes(options: LifeOptions): Promise<(readonly number[])[]> {
  const next = await startLife(options);
  checkSums(next.ring);
  const times = timesOf(next);
  assert.equal(next.failures, []);
  await next.history.close();
  return times;
}

test('a folder that cannot be made though nothing says so: served from memory, and the server starts', async () => {
  const starting = startLife({ path: '/proc/nowhere/below/headcount.ring' });
  const life = await deadline(starting, 5_000, 'the history');
  assert.is(life.failures.length, 1);
  life.session(1);
  assert.equal(timesOf(life), [[1]]);
  await life.history.close();
});

test('a file where the folder should be: tried again, later each time, and written when it is gone', async ({
  folder,
}) => {
  const state = folder.of('state');
  const path = `${state}/headcount.ring`;
  await fs.writeFile(state, '');
  const life = await startLife({ path });
  assert.equal(life.failures, ['unusable'], 'counted from the start');
  life.session(1);
  assert.equal(await failuresIn(life, 60), [1, 3, 7, 15, 25, 35, 45, 55]);
  assert.is(life.history.restored, null);
  life.nextPeriod();
  life.session(2);
  assert.is(life.logs.length, 1, 'said once');
  assert.match(
    life.logs[0] ?? '',
    `${path} (STATE_DIR) cannot be written: EEXIST: file already exists, mkdir '${state}'`,
  );
  assert.match(life.logs[0] ?? '', /^error .*kept in memory, and tried again$/);
  await fs.unlink(state);
  assert.equal(await failuresIn(life, AGAIN_MOST_MS / 1_000), []);
  assert.ok((await fs.stat(path)).isFile());
  assert.equal(life.logs.slice(1), [`info the history is written to ${path} again`]);
  life.session(3);
  await life.history.close();
  assert.equal(await nextTimes({ path, clock: life.clock }), [[1], [2, 3]]);
});

test('a folder that cannot be made, and one that cannot be written in: the log names the folder, not the lock', async ({
  folder,
}) => {
  const refuse = async (): Promise<never> => {
    throw Object.assign(new Error(`EACCES: permission denied, mkdir '/state'`), { code: 'EACCES' });
  };
  const unmade = await startLife({ path: folder.of('a/headcount.ring'), files: { ...fs, mkdir: refuse } });
  assert.match(
    unmade.logs.join(),
    "a/headcount.ring (STATE_DIR) cannot be written: EACCES: permission denied, mkdir '/state'",
  );
  assert.equal(unmade.failures, ['read_only']);
  await unmade.history.close();
  for (const code of ['EACCES', 'EROFS', 'ENOSPC', 'EMFILE']) {
    const path = folder.of(`${code}.ring`);
    const readdir: Files['readdir'] = async () => {
      throw Object.assign(new Error(`listen ${code}: not so /x/headcount.ring.lock-12`), { code });
    };
    const life = await startLife({ path, files: { ...fs, readdir } });
    assert.is(life.logs.length, 1);
    assert.match(
      life.logs[0] ?? '',
      `${path} (STATE_DIR) cannot be written: ${code}: not so, in the folder ${folder.path};`,
    );
    assert.is(life.failures.length, 1);
    await life.history.close();
  }
  assert.equal(
    (await fs.readdir(folder.path)).filter((name) => name.endsWith('.ring')),
    [],
    'nothing was written without the lock',
  );
});

test('a folder that comes with a history in it: that goes on, and is shown after the next start', async ({
  folder,
}) => {
  const path = folder.of('state/headcount.ring');
  const periods = 8;
  const first = await startLife({ path, periods });
  for (const ms of [1, 2]) {
    first.session(ms);
    first.nextPeriod();
  }
  first.session(3);
  await first.history.close();
  await fs.rename(folder.of('state'), folder.of('elsewhere'));
  await fs.writeFile(folder.of('state'), '');

  const { clock } = first;
  const second = await startLife({ path, periods, clock });
  second.session(10);
  await second.history.flush();
  second.nextPeriod();
  second.session(20);
  await fs.unlink(folder.of('state'));
  await fs.rename(folder.of('elsewhere'), folder.of('state'));
  clock.pass(AGAIN_MOST_MS);
  await second.history.flush();
  assert.equal(timesOf(second), [[10], [20]], 'for now as it was');
  assert.match(second.logs.at(-2) ?? '', /^info .*3 rows of before.*after the next start/);
  second.session(21);
  await second.history.flush();
  second.nextPeriod();
  second.session(30);
  await second.history.close();
  assert.equal(await fs.readdir(folder.of('state')), ['headcount.ring'], 'nothing is put aside');
  // The row in which the first stopped and the second began is one row.
  assert.equal(await nextTimes({ path, periods, clock }), [[1], [2], [3, 10], [20, 21], [30]]);
});

test('gone on with and then removed, the file is made anew, its session times where they belong', async ({
  folder,
}) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(1);
  const second = await startLife({ path, clock: first.clock });
  first.session(2);
  await first.history.close();
  second.session(3);
  second.clock.pass(AGAIN_MOST_MS);
  await second.history.flush();
  await fs.unlink(path);
  for (const ms of [4, 5]) {
    second.nextPeriod();
    second.session(ms);
    await second.history.flush();
  }
  await second.history.close();
  assert.equal(await nextTimes({ path, clock: first.clock }), [[3], [4], [5]]);
});

test('the second server of a file writes when the first has ended, after its rows', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(1);
  const second = await startLife({ path, clock: first.clock });
  assert.match(second.logs.join(), /^warn another server writes the history file .*\(STATE_DIR\)/);
  second.session(10);
  assert.equal(await failuresIn(second, 20), [1, 3, 7, 15]);
  first.session(2);
  await first.history.close();
  assert.equal(await failuresIn(second, 10), []);
  assert.match(second.logs.at(-1) ?? '', `the history is written to ${path} again`);
  second.session(11);
  await second.history.close();
  assert.is(second.logs.length, 3);
  assert.equal(await nextTimes({ path, clock: first.clock }), [[1, 2, 10, 11]]);
});

test('rows that were restored from what cannot be written are not written twice when it can', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(1);
  first.nextPeriod();
  first.session(2);
  await first.history.close();
  let isRefused = true;
  const readdir: Files['readdir'] = async (name) => {
    if (isRefused) throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
    return await fs.readdir(name);
  };
  const second = await startLife({ path, clock: first.clock, files: { ...fs, readdir } });
  assert.equal(timesOf(second), [[1], [2]]);
  second.session(3);
  await failuresIn(second, 5);
  second.nextPeriod();
  second.session(4);
  isRefused = false;
  await failuresIn(second, 10);
  await second.history.close();
  assert.equal(await nextTimes({ path, clock: first.clock }), [[1], [2, 3], [4]]);
  assert.equal(await fs.readdir(folder.path), ['headcount.ring']);
});

test('what somebody else wrote there meanwhile is put aside, and its name is told', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(1);
  await first.history.close();
  let isRefused = true;
  const readdir: Files['readdir'] = async (name) => {
    if (isRefused) throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
    return await fs.readdir(name);
  };
  const second = await startLife({ path, clock: first.clock, files: { ...fs, readdir } });
  second.session(2);
  const other = await startLife({ path, clock: first.clock });
  other.nextPeriod();
  other.session(9);
  await other.history.close();
  isRefused = false;
  await failuresIn(second, 10);
  await second.history.close();
  assert.match(second.logs.join('\n'), `what was at ${path} is now ${path}.before-1`);
  assert.equal((await nextTimes({ path, clock: first.clock })).at(0), [1, 2]);
  assert.equal((await nextTimes({ path: `${path}.before-1`, clock: first.clock })).slice(0, 2), [[1], [9]]);
});

test('a stop tries once more', async ({ folder }) => {
  const state = folder.of('state');
  await fs.writeFile(state, '');
  const life = await startLife({ path: `${state}/headcount.ring` });
  life.session(1);
  await fs.unlink(state);
  await life.history.close();
  assert.equal(await nextTimes({ path: `${state}/headcount.ring`, clock: life.clock }), [[1]]);
});

test('long after: as many rows as are kept are written, and no more', async ({ folder }) => {
  const state = folder.of('state');
  const path = `${state}/headcount.ring`;
  await fs.writeFile(state, '');
  const life = await startLife({ path, periods: 3 });
  for (let ms = 1; ms <= 20; ms++) {
    life.session(ms);
    life.nextPeriod();
  }
  await fs.unlink(state);
  life.clock.pass(PERIOD_MS / 2);
  await life.history.flush();
  const before = timesOf(life);
  await life.history.close();
  assert.equal(before, [[18], [19], [20], []]);
  assert.equal(await nextTimes({ path, periods: 3, clock: life.clock }), before);
});

test.run();
