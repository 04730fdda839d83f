/**
 * The temporary folder over a server's life: never without its lock, made again whatever a cleaner took, and gone in
 * the end. What happens to other servers' folders is in `sweep.test.ts`.
 */

import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ask } from '../../src/liveness.js';
import { sweep } from '../../src/server/sweep.js';
import { createTempFolder, type TempFolder } from '../../src/server/temp.js';
import { createScene, makeDead, type Scene } from './scene.js';

const NOBODY_UID = 65_534;
/** Connections of the test before, and of this one, may still be closing. */
const DESCRIPTORS_SLACK = 5;
const test = suite<{ scene: Scene; temp: TempFolder }>('server/temp');

test.before.each(async (context) => {
  context.scene = createScene();
  context.temp = await createTempFolder(context.scene.tempDir);
});
test.after.each(async ({ scene, temp }) => {
  await temp.remove();
  scene.remove();
});

/** What must hold of a server's folder, whatever happened before. */
async function check({ path }: TempFolder): Promise<void> {
  assert.is(statSync(path).mode & 0o777, 0o700);
  assert.is(await ask(join(path, 'lock')), 'holds');
  assert.equal(readdirSync(join(path, '..')), [basename(path)], 'nothing else is left');
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

async function messageOf(promise: Promise<void>): Promise<string> {
  return await promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  );
}

test('is made with a lock, under a name of its own, and removed with all that is in it', async ({ scene, temp }) => {
  assert.match(temp.path, /\/headcount-[A-Za-z0-9]{6}$/);
  await check(temp);
  const other = await createTempFolder(scene.tempDir);
  assert.is.not(other.path, temp.path);
  mkdirSync(join(other.path, 'browser-1'));
  writeFileSync(join(other.path, 'browser-1', 'file'), '');
  await Promise.all([other.remove(), other.remove()]);
  assert.match(await messageOf(other.ensure()), `${other.path} is removed`);
  await check(temp);
});

test('is made after what killed servers have left is removed', async ({ scene }) => {
  const dead = await makeDead(scene.of('headcount-aaaaaa'));
  const resident = await scene.live(dead, { isStopped: true });
  const [first, second] = await Promise.all([createTempFolder(scene.tempDir), createTempFolder(scene.tempDir)]);
  assert.not(existsSync(dead));
  assert.not(existsSync(`/proc/${resident.pid}/exe`));
  await first.remove();
  await second.remove();
});

test('stays as it is while it is there', async ({ temp }) => {
  writeFileSync(join(temp.path, 'file'), '');
  const before = [lstatSync(join(temp.path, 'lock')).ino, statSync(temp.path).mtimeMs];
  await temp.ensure();
  assert.equal([lstatSync(join(temp.path, 'lock')).ino, statSync(temp.path).mtimeMs], before);
  assert.ok(existsSync(join(temp.path, 'file')));
});

test('is made again at the same path, also where the folder above it went', async ({ scene, temp }) => {
  for (const path of [temp.path, scene.tempDir]) {
    rmSync(path, { recursive: true });
    await temp.ensure();
    await check(temp);
    await sweep(scene.tempDir);
    await check(temp);
  }
});

test('its lock is made again where only that went, or another is in its place', async ({ scene, temp }) => {
  writeFileSync(join(temp.path, 'file'), '');
  const lock = join(temp.path, 'lock');
  const takes = [
    () => unlinkSync(lock),
    () => {
      unlinkSync(lock);
      writeFileSync(lock, '');
    },
    async () => {
      unlinkSync(lock);
      await makeDead(temp.path);
    },
  ];
  for (const take of takes) {
    await take();
    await temp.ensure();
    await check(temp);
    await sweep(scene.tempDir);
    assert.equal(readdirSync(temp.path).sort(), ['file', 'lock']);
  }
});

test('calls at the same time share one attempt', async ({ temp }) => {
  rmSync(temp.path, { recursive: true });
  const calls = Array.from({ length: 20 }, () => temp.ensure());
  assert.is(new Set(calls).size, 1);
  await Promise.all(calls);
  await check(temp);
});

test("somebody else's file at its place is named and not touched; once it has gone, all is well", async (context) => {
  const { scene, temp } = context;
  const elsewhere = scene.of('elsewhere');
  mkdirSync(elsewhere);
  const makes = [() => symlinkSync(elsewhere, temp.path), () => writeFileSync(temp.path, 'theirs')];
  const chown = (): void => {
    mkdirSync(temp.path);
    chownSync(temp.path, NOBODY_UID, NOBODY_UID);
  };
  for (const make of process.getuid?.() === 0 ? [...makes, chown] : makes) {
    rmSync(temp.path, { recursive: true });
    make();
    const { ino } = lstatSync(temp.path);
    assert.match(await messageOf(temp.ensure()), temp.path);
    assert.is(lstatSync(temp.path).ino, ino);
    assert.equal(readdirSync(elsewhere), []);
    rmSync(temp.path, { recursive: true });
    await temp.ensure();
    assert.is(await ask(join(temp.path, 'lock')), 'holds');
  }
  assert.equal(readdirSync(scene.tempDir).sort(), ['elsewhere', basename(temp.path)]);
});

test("removing it leaves what is somebody else's, and nothing of its own", async ({ scene }) => {
  const temp = await createTempFolder(scene.tempDir);
  rmSync(temp.path, { recursive: true });
  symlinkSync(scene.tempDir, temp.path);
  await temp.remove();
  assert.ok(lstatSync(temp.path).isSymbolicLink());
  unlinkSync(temp.path);
  const gone = await createTempFolder(scene.tempDir);
  rmSync(gone.path, { recursive: true });
  const mending = gone.ensure();
  await gone.remove();
  await mending;
  assert.not(existsSync(gone.path));
});

test('hundreds of repairs leave as many descriptors open as there were', async ({ scene, temp }) => {
  const before = descriptors();
  for (let round = 0; round < 300; round++) {
    if (round % 3 === 1) rmSync(temp.path, { recursive: true });
    if (round % 3 === 2) unlinkSync(join(temp.path, 'lock'));
    await temp.ensure();
  }
  await check(temp);
  rmSync(temp.path, { recursive: true });
  writeFileSync(temp.path, '');
  for (let round = 0; round < 50; round++) await messageOf(temp.ensure());
  unlinkSync(temp.path);
  await temp.ensure();
  for (let round = 0; round < 10; round++) await (await createTempFolder(scene.tempDir)).remove();
  assert.ok(descriptors() <= before + DESCRIPTORS_SLACK);
});

test('never stands without its lock, as it comes, as it is made again, and as it goes', async ({ scene, temp }) => {
  let looks = 0;
  const seen: string[] = [];
  let isOver = false;
  const look = (): void => {
    for (const name of readdirSync(scene.tempDir).filter((one) => one.startsWith('headcount-'))) {
      const path = scene.of(name);
      // The folder may move while it is looked at, so only what stood there before and after counts.
      const before = lstatSync(path, { throwIfNoEntry: false })?.ino;
      const isLocked = existsSync(join(path, 'lock'));
      const after = lstatSync(path, { throwIfNoEntry: false })?.ino;
      if (before === undefined || before !== after) continue;
      looks++;
      if (!isLocked) seen.push(name);
    }
    if (!isOver) setImmediate(look);
  };
  look();
  for (let round = 0; round < 50; round++) {
    await (await createTempFolder(scene.tempDir)).remove();
    rmSync(temp.path, { recursive: true });
    await temp.ensure();
  }
  isOver = true;
  assert.equal(seen, []);
  assert.ok(looks > 100);
});

test('of many that start, repair and sweep at once none loses anything', async ({ scene, temp }) => {
  const holders = await Promise.all(Array.from({ length: 3 }, () => scene.hold()));
  for (let round = 0; round < 20; round++) {
    unlinkSync(join(temp.path, 'lock'));
    const [other] = await Promise.all([createTempFolder(scene.tempDir), sweep(scene.tempDir), temp.ensure()]);
    for (const { path } of [other, ...holders, temp]) assert.is(await ask(join(path, 'lock')), 'holds');
    await other.remove();
  }
});

test('a path longer than an address is no obstacle', async ({ scene }) => {
  const deep = scene.of(Array.from({ length: 5 }, () => 'a'.repeat(40)).join('/'));
  mkdirSync(deep, { recursive: true });
  const before = descriptors();
  const temp = await createTempFolder(deep);
  for (const take of [() => rmSync(temp.path, { recursive: true }), () => unlinkSync(join(temp.path, 'lock'))]) {
    for (let round = 0; round < 20; round++) {
      take();
      await temp.ensure();
      await sweep(deep);
      await check(temp);
    }
  }
  await temp.remove();
  assert.equal(readdirSync(deep), []);
  assert.ok(descriptors() <= before + DESCRIPTORS_SLACK);
});

test('where there is no folder for it, it says which', async ({ scene }) => {
  const missing = scene.of('missing');
  assert.match(await messageOf(createTempFolder(missing).then(() => {})), missing);
});

test.run();
