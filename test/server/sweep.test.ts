/**
 * What a sweep removes and which processes it ends, and above all what it leaves alone. With real folders, sockets and
 * processes.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readStat } from '../../src/host/process-files.js';
import { listenAt } from '../../src/liveness.js';
import { sweep } from '../../src/server/sweep.js';
import { deadline, until } from '../deadline.js';
import { createScene, makeDead, type Scene } from './scene.js';

const WAIT_MS = 5_000;
const LONG_AGO_S = Date.now() / 1000 - 90;
const NOBODY_UID = 65_534;

const test = suite<{ scene: Scene }>('server/sweep');

test.before.each((context) => {
  context.scene = createScene();
});
test.after.each(({ scene }) => scene.remove());

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}

function leads(group: number): boolean {
  try {
    return group > 0 && process.kill(-group, 0);
  } catch {
    return false;
  }
}

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn('true');
  await deadline(once(child, 'exit'), WAIT_MS, 'the end of a process');
  return child.pid ?? 0;
}

test("a killed server's folder goes, with a process that was stopped in it", async ({ scene }) => {
  const holder = await scene.hold();
  const browser = join(holder.path, 'browser-1', 'profile');
  mkdirSync(browser, { recursive: true });
  const [stopped, running] = [await scene.live(browser, { isStopped: true }), await scene.live(holder.path)];
  await holder.kill();
  assert.ok(stopped.isAlive() && running.isAlive(), 'they outlive their server');
  await sweep(scene.tempDir);
  assert.not(isAlive(stopped.pid));
  assert.not(isAlive(running.pid));
  assert.equal(readdirSync(scene.tempDir), []);
});

test("a live server's folder stays with all that is in it, also when the server is stopped", async ({ scene }) => {
  const [running, stopped] = [await scene.hold(), await scene.hold()];
  const residents = [await scene.live(running.path), await scene.live(stopped.path, { isStopped: true })];
  stopped.child.kill('SIGSTOP');
  await sweep(scene.tempDir);
  assert.equal(readdirSync(scene.tempDir).map(scene.of).sort(), [running.path, stopped.path].sort());
  for (const path of [running.path, stopped.path]) assert.equal(readdirSync(path), ['lock']);
  for (const resident of residents) assert.ok(resident.isAlive());
});

test('processes elsewhere live on, however near', async ({ scene }) => {
  const dead = await makeDead(scene.of('headcount-aaaaaa'));
  const near = [scene.tempDir, scene.of('headcount-aaaaaab'), scene.of('headcount')];
  for (const path of near) mkdirSync(path, { recursive: true });
  const residents = await Promise.all(near.map((path) => scene.live(path)));
  await sweep(scene.tempDir);
  assert.not(existsSync(dead));
  for (const resident of residents) assert.ok(resident.isAlive());
});

test('children that went elsewhere go with their parent, unless they lead their own group', async ({ scene }) => {
  const dead = await makeDead(scene.of('headcount-aaaaaa'));
  // Like a sandboxed renderer: the child of a child, with its directory elsewhere.
  const code = 'cd /; sh -c "sleep 60 & echo child \\$!; wait" & setsid sleep 60 & echo leader $!; cd "$OLDPWD"; wait';
  const parent = spawn('sh', ['-c', code], { cwd: dead, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  parent.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const pidOf = (name: string): number => Number(new RegExp(`^${name} (\\d+)\n`, 'm').exec(text)?.[1] ?? 0);
  const child = await until(() => pidOf('child'), WAIT_MS, 'the child');
  const leader = await until(() => pidOf('leader'), WAIT_MS, 'the other');
  await until(() => leads(leader), WAIT_MS, 'a group of its own');
  process.kill(-(parent.pid ?? 0), 'SIGSTOP');
  await sweep(scene.tempDir);
  assert.equal([parent.pid ?? 0, child, leader].map(isAlive), [false, false, true]);
  process.kill(leader, 'SIGKILL');
});

test('a process whose directory has been removed under it is in it all the same', async ({ scene }) => {
  const dead = await makeDead(scene.of('headcount-aaaaaa'));
  const resident = await scene.live(mkdtempSync(join(dead, 'browser-')), { isStopped: true });
  const [browser = ''] = readdirSync(dead).filter((name) => name.startsWith('browser-'));
  await deadline(once(spawn('rm', ['-r', join(dead, browser)]), 'exit'), WAIT_MS, 'the removal');
  await sweep(scene.tempDir);
  assert.not(isAlive(resident.pid));
});

test('a link is not followed, whatever it is called', async ({ scene }) => {
  const target = await makeDead(scene.of('elsewhere'));
  const resident = await scene.live(target);
  symlinkSync(target, scene.of('headcount-aaaaaa'));
  await sweep(scene.tempDir);
  assert.equal(readdirSync(scene.tempDir).sort(), ['elsewhere', 'headcount-aaaaaa']);
  assert.equal(readdirSync(target), ['lock']);
  assert.ok(resident.isAlive());
});

test("what was never a server's stays: no lock, a file, other names, another user's", async ({ scene }) => {
  mkdirSync(scene.of('headcount-master'));
  const resident = await scene.live(scene.of('headcount-master'));
  writeFileSync(scene.of('headcount-aaaaaa'), '');
  for (const name of [
    'headcount-x-aaaaaa',
    'headcount-aaaaaaa',
    'headcount-1-a',
    'headcount-aaaa_a',
    'xheadcount-aaaaaa',
  ])
    await makeDead(scene.of(name));
  if (process.getuid?.() === 0) chownSync(await makeDead(scene.of('headcount-bbbbbb')), NOBODY_UID, NOBODY_UID);
  const before = readdirSync(scene.tempDir);
  await sweep(scene.tempDir);
  assert.equal(readdirSync(scene.tempDir), before);
  assert.ok(resident.isAlive());
});

test('a folder aside goes when it is old and nobody answers', async ({ scene }) => {
  const aside = (name: string, isOld: boolean): string => {
    const path = scene.of(`.headcount-${name}`);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'left'), '');
    if (isOld) utimesSync(path, LONG_AGO_S, LONG_AGO_S);
    return path;
  };
  const [young, old] = [aside('aaaaaa', false), aside('bbbbbb', true)];
  const dead = await makeDead(scene.of('.headcount-cccccc'));
  const held = aside('dddddd', false);
  const leave = await listenAt(join(held, 'lock'), () => 'holds');
  for (const path of [dead, held]) utimesSync(path, LONG_AGO_S, LONG_AGO_S);
  await sweep(scene.tempDir);
  assert.equal([young, held, old, dead].map(existsSync), [true, true, false, false]);
  await leave();
});

test('folders of earlier versions, with a pid and without a lock, stay while their server may live', async ({
  scene,
}) => {
  const other = await scene.live(scene.tempDir);
  const make = (pid: number, letter: string): string => {
    const path = scene.of(`headcount-${pid}-${letter.repeat(6)}`);
    mkdirSync(join(path, 'browser-1'), { recursive: true });
    return path;
  };
  const running = make(other.pid, 'a');
  const resident = await scene.live(join(running, 'browser-1'));
  const empty = make(other.pid, 'b');
  const dead = make(await deadPid(), 'c');
  const left = await scene.live(join(dead, 'browser-1'), { isStopped: true });
  const ours = make(process.pid, 'd');
  const namesake = await scene.live(ours, { isStopped: true });
  await sweep(scene.tempDir);
  assert.equal([running, empty, dead, ours].map(existsSync), [true, false, false, false]);
  assert.equal([resident.pid, left.pid, namesake.pid].map(isAlive), [true, false, false]);
});

test('two at once remove everything, and none fails', async ({ scene }) => {
  const holder = await scene.hold();
  const residents = [];
  for (let i = 0; i < 10; i++) {
    const path = await makeDead(scene.of(`headcount-aaaaa${i}`));
    for (let file = 0; file < 50; file++) writeFileSync(join(path, `${file}`), '');
    residents.push(await scene.live(path, { isStopped: true }));
  }
  await Promise.all([sweep(scene.tempDir), sweep(scene.tempDir)]);
  assert.equal(readdirSync(scene.tempDir).map(scene.of), [holder.path]);
  for (const { pid } of residents) assert.not(isAlive(pid));
});

test('processes that start others as they are ended take them along', async ({ scene }) => {
  const dead = await makeDead(scene.of('headcount-aaaaaa'));
  const inside = (): string[] => readdirSync('/proc').filter((pid) => cwdOf(pid).startsWith(scene.tempDir));
  const code = 'i=0; while [ $i -lt 2000 ]; do sleep 60 & i=$((i+1)); done; wait';
  for (let count = 0; count < 3; count++) spawn('sh', ['-c', code], { cwd: dead, stdio: 'ignore' });
  await until(() => inside().length > 30, WAIT_MS, 'some processes');
  await sweep(scene.tempDir);
  assert.equal(inside(), []);
});

test('it is over when they have gone, not when they were told to', async ({ scene }) => {
  const dead = await makeDead(scene.of('headcount-aaaaaa'));
  // The kernel needs time to free so much.
  const code = 'const big = Buffer.alloc(3e8, 1); console.log(big.length); setInterval(() => {}, 1000);';
  const big = spawn(process.execPath, ['--eval', code], { cwd: dead, stdio: ['ignore', 'pipe', 'inherit'] });
  await deadline(once(big.stdout, 'data'), WAIT_MS, 'a big process');
  await sweep(scene.tempDir);
  assert.is(readStat('/proc', big.pid ?? 0)?.isDead ?? true, true);
});

test('the process that sweeps is not ended, wherever it was started', async ({ scene }) => {
  const before = process.cwd();
  process.chdir(await makeDead(scene.of('headcount-aaaaaa')));
  await sweep(scene.tempDir);
  process.chdir(before);
  assert.equal(readdirSync(scene.tempDir), []);
});

test('below a link, and where there is nothing', async ({ scene }) => {
  const [real, link] = [scene.of('real'), scene.of('link')];
  mkdirSync(real);
  symlinkSync(real, link);
  const resident = await scene.live(await makeDead(join(real, 'headcount-aaaaaa')), { isStopped: true });
  await sweep(link);
  assert.not(isAlive(resident.pid));
  assert.equal(readdirSync(real), []);
  await sweep(scene.of('missing'));
});

test('below a path longer than an address', async ({ scene }) => {
  const deep = createScene(scene.of(Array.from({ length: 5 }, () => 'a'.repeat(40)).join('/')));
  mkdirSync(deep.tempDir, { recursive: true });
  const [killed, live] = [await deep.hold(), await deep.hold()];
  const resident = await deep.live(killed.path, { isStopped: true });
  await killed.kill();
  await sweep(deep.tempDir);
  assert.not(isAlive(resident.pid));
  assert.equal(readdirSync(deep.tempDir).map(deep.of), [live.path]);
  deep.remove();
});

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

test.run();
