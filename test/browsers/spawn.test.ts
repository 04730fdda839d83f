/**
 * One real Chromium, and why it has gone: the name of its end decides who is woken at night.
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeBrowserFolder, removeBrowserFolder, removeBrowserFolders } from '../../src/browsers/folder.js';
import type { BrowserProcess } from '../../src/browsers/spawn.js';
import { readStat } from '../../src/host/process-files.js';
import { readNumericNames, readText } from '../../src/host/virtual-files.js';
import { deadline, until } from '../deadline.js';
import { needs } from '../faults/needs.js';
import { CAGE, startChromium } from './started.js';

const EXIT_MS = 10_000;
/** The browser and its zygotes. */
const PROCESSES_MIN = 3;

const test = suite('browsers/spawn');
const tempDir = mkdtempSync(join(tmpdir(), 'headcount-test-spawn-'));

const start = (isOutOfMemory = false): Promise<BrowserProcess> => startChromium(tempDir, isOutOfMemory);

async function reasonOf({ exited }: BrowserProcess): Promise<string> {
  return (await deadline(exited, EXIT_MS, 'the browser to go')).reason;
}

/** Null when it has gone. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

test.after(() => {
  const left = readdirSync(tempDir);
  rmSync(tempDir, { recursive: true });
  assert.equal(left, []);
});

test('ended by us: for our reason, whatever the kernel did meanwhile', async () => {
  const browser = await start(true);
  browser.kill('shutdown');
  browser.kill('killed');
  assert.is(await reasonOf(browser), 'shutdown');
  assert.not(existsSync(`/proc/${browser.pid}/exe`));
});

test('ended by SIGKILL from elsewhere: killed, or out of memory when the kernel says so', async () => {
  for (const isOutOfMemory of [false, true]) {
    const browser = await start(isOutOfMemory);
    process.kill(browser.pid, 'SIGKILL');
    assert.is(await reasonOf(browser), isOutOfMemory ? 'oom' : 'killed');
  }
});

test('ended by anything else: a crash', async () => {
  const browser = await start(true);
  process.kill(browser.pid, 'SIGABRT');
  assert.is(await reasonOf(browser), 'crash');
});

needs(test, { root: true })(
  'as root, another user: no groups, its sandbox on, and nothing of the server in reach',
  async () => {
    const browser = await start();
    const { uid } = CAGE;
    assert.ok(uid !== null && uid > 0);
    const pids = () =>
      (readNumericNames('/proc') ?? []).filter((pid) => readStat('/proc', pid)?.groupId === browser.pid);
    const own = readlinkSync('/proc/self/ns/user');
    const isInside = (pid: number): boolean => ![own, null].includes(linkOf(`/proc/${pid}/ns/user`));
    const isThere = (): boolean => pids().some(isInside) && pids().length >= PROCESSES_MIN;
    await until(isThere, EXIT_MS, 'its processes, a zygote in a user namespace of its own');
    // Some processes come and go while it starts.
    const statuses = pids().flatMap((pid) => readText(`/proc/${pid}/status`) ?? []);
    assert.ok(statuses.length > 1);
    for (const status of statuses) {
      assert.match(status, new RegExp(`^Uid:(\\s+${uid}){4}\\nGid:(\\s+${uid}){4}$`, 'm'));
      assert.match(status, /^Groups:\s*$/m);
    }
    const environment = readFileSync(`/proc/${browser.pid}/environ`, 'utf8').split('\0').filter(Boolean);
    assert.equal(environment.map((one) => one.split('=')[0]).sort(), ['HOME', 'PATH', 'TMPDIR']);
    const home = environment.find((one) => one.startsWith('HOME='))?.slice('HOME='.length) ?? '';
    const reads = (command: string): boolean => spawnSync('sh', ['-c', command], { uid, gid: uid }).status === 0;
    assert.ok(reads(`ls ${home}/profile`), 'its profile is its own');
    for (const path of [tempDir, `${home}/..`, dirname(browser.readPath)]) assert.not(reads(`ls ${path}`), path);
    for (const path of [browser.readPath, browser.writePath]) assert.not(reads(`test -r ${path} -o -w ${path}`), path);
    assert.not(reads(`cat /proc/${process.pid}/environ`));
    assert.not(reads(`kill -0 ${process.pid}`));
    browser.kill('shutdown');
    assert.is(await reasonOf(browser), 'shutdown');
  },
);

needs(test, { root: true })(
  "root removes what is another user's as that user, who may have put anything there",
  async () => {
    const { uid } = CAGE;
    const folder = await makeBrowserFolder(tempDir, { uid, authorities: null });
    const roots = join(folder.homeDir, 'of-root');
    mkdirSync(join(roots, 'kept'), { recursive: true });
    await removeBrowserFolder(folder.path).then(
      () => assert.unreachable('it is gone'),
      (error: Error) => assert.match(error.message, 'ENOTEMPTY'),
    );
    assert.ok(existsSync(join(roots, 'kept')));
    assert.not(existsSync(folder.profileDir));
    rmSync(roots, { recursive: true });
    // That user may not be allowed to pass through the folders above, as through root's own TMPDIR.
    chmodSync(tempDir, 0o700);
    await removeBrowserFolders(tempDir);
    assert.not(existsSync(folder.path));
  },
);

test.run();
