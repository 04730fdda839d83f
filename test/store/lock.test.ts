/**
 * The lock by itself: who gets it, who does not, what is left behind, and places where sockets are difficult.
 */

import * as fs from 'node:fs/promises';
import { createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type LockResult, takeLock } from '../../src/store/lock.js';
import { type Folder, makeFolder } from './life.js';

const test = suite<{ folder: Folder }>('store/lock');

test.before.each((context) => {
  context.folder = makeFolder('lock');
});
test.after.each(({ folder }) => folder.remove());

async function release(lock: LockResult): Promise<void> {
  if (lock.kind === 'held') await lock.release();
}

test('is held once, and free again', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await takeLock(fs, path);
  const second = await takeLock(fs, path);
  const other = await takeLock(fs, folder.of('other.ring'));
  assert.equal([first.kind, second.kind, other.kind], ['held', 'taken', 'held']);
  await release(first);
  const third = await takeLock(fs, path);
  assert.is(third.kind, 'held');
  await release(third);
  await release(other);
  assert.equal(await fs.readdir(folder.path), []);
});

test('of many that ask at once, exactly one gets it', async ({ folder }) => {
  for (let round = 0; round < 20; round++) {
    const all = await Promise.all(Array.from({ length: 8 }, () => takeLock(fs, folder.of('headcount.ring'))));
    assert.is(all.filter(({ kind }) => kind === 'held').length, 1, `round ${round}`);
    await Promise.all(all.map(release));
  }
  assert.equal(await fs.readdir(folder.path), []);
});

test('what a dead holder has left is removed, whatever its name says', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  // A kill leaves a socket whose owner closed without removing it, like this one.
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.tmp`, resolve));
  await fs.link(`${path}.tmp`, `${path}.lock-${process.pid}`);
  await new Promise((resolve) => server.close(resolve));
  const lock = await takeLock(fs, path);
  assert.is(lock.kind, 'held');
  const names = await fs.readdir(folder.path);
  assert.is(names.length, 1);
  await release(lock);
});

test('a path that is too long for a socket is no obstacle', async ({ folder }) => {
  const deep = folder.of(Array.from({ length: 5 }, () => 'a'.repeat(40)).join('/'));
  await fs.mkdir(deep, { recursive: true });
  const path = `${deep}/headcount.ring`;
  const first = await takeLock(fs, path);
  const second = await takeLock(fs, path);
  assert.equal([first.kind, second.kind], ['held', 'taken']);
  await release(first);
  const third = await takeLock(fs, path);
  assert.is(third.kind, 'held');
  await release(third);
  assert.equal(await fs.readdir(deep), []);
});

test('where there is no folder, it says so', async ({ folder }) => {
  const lock = await takeLock(fs, folder.of('missing/headcount.ring'));
  assert.is(lock.kind, 'impossible');
});

test.run();
