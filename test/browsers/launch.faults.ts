/**
 * What a program is to the kernel once it is launched: whose session it is in, that it cannot type into the server's
 * terminal, how it is scheduled. Asked of the kernel, about programs and about a real Chromium.
 */

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Command, findMeans, launching } from '../../src/browsers/launch.js';
import { readNumericNames, readText } from '../../src/host/virtual-files.js';
import { until } from '../deadline.js';
import { aliveInGroups } from '../end-to-end/processes.js';
import { CHRT, PERL, without } from '../faults/hide.js';
import { needs } from '../faults/needs.js';
import { makeTempDir } from '../temp-dir.js';
import { startChromium } from './started.js';

const ALL = { isInSession: true, isBatch: true };
const NONE = { isInSession: false, isBatch: false };
const LAUNCH_JS = fileURLToPath(new URL('../../src/browsers/launch.js', import.meta.url));
const BATCH = 3;
const WAIT_MS = 10_000;
/** Pid, group and session of what runs this; its scheduling policy, and that of a program which it starts. */
const TOLD = 'cut -d" " -f1,5,6,41 /proc/$$/stat; cut -d" " -f41 /proc/self/stat';
const TERMINAL = 'if (: < /dev/tty) 2> /dev/null; then echo a terminal; else echo none; fi';
/** Runs the command in the environment's LAUNCHED. */
const RUN = `const { file, args, detached } = JSON.parse(process.env.LAUNCHED);
require('node:child_process').spawn(file, args, { detached, stdio: 'inherit' });`;

const test = suite('browsers/launch');
const withPerl = needs(test, { files: [PERL] });
const withBoth = needs(test, { files: [PERL, CHRT] });

function told({ file, args }: Pick<Command, 'file' | 'args'>) {
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  assert.is(stderr, '');
  const [pid, group, session, ...policies] = stdout.trim().split(/\s/).map(Number);
  return { pid, group, session, policies };
}

/** What the command says that is run by a program with a terminal. */
function inTerminal(command: Command): string {
  const env = { PATH: process.env['PATH'], LAUNCHED: JSON.stringify(command), RUN, SHELL: '/bin/sh' };
  const { stdout, stderr } = spawnSync('script', ['-qec', `'${process.execPath}' -e "$RUN"`, '/dev/null'], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return `${stdout}${stderr}`.trim();
}

/** Scheduling policies of all of a process's threads; of none when it has ended meanwhile. */
function policiesOf(pid: number): number[] {
  return (readNumericNames(`/proc/${pid}/task`) ?? []).flatMap((thread) => {
    const stat = readText(`/proc/${pid}/task/${thread}/stat`);
    // The name is in parentheses and may hold anything; the policy is the 41st field.
    return stat === null ? [] : [Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38])];
  });
}

withBoth('it leads a group, in our session, and is a batch job as all that it starts', async () => {
  assert.equal(await findMeans(), ALL);
  const plain = told({ file: '/bin/sh', args: ['-c', TOLD] });
  const command = launching('/bin/sh', ['-c', TOLD], ALL);
  assert.not(command.detached);
  const { pid, group, session, policies } = told(command);
  assert.is(group, pid);
  assert.is(session, plain.session);
  assert.equal(policies, [BATCH, BATCH]);
  assert.equal(plain.policies, [0, 0]);
});

withBoth('one is to be had without the other', () => {
  const command = launching('/bin/sh', ['-c', TOLD], { isInSession: false, isBatch: true });
  assert.ok(command.detached);
  assert.equal(told(command).policies, [BATCH, BATCH]);
  assert.equal(told(launching('/bin/sh', ['-c', TOLD], { isInSession: true, isBatch: false })).policies, [0, 0]);
});

test('where neither is, it gets a session with its group', () => {
  assert.equal(launching('/bin/sh', ['-c', TOLD], NONE), { file: '/bin/sh', args: ['-c', TOLD], detached: true });
});

needs(test, { root: true, tools: ['unshare'] })('what is not there is found out, and what has gone is left out', () => {
  const script = `const { findMeans, launching } = await import(process.argv[1]);
    console.log(JSON.stringify([await findMeans(), launching('x', ['y'], ${JSON.stringify(ALL)})]));`;
  const node = [process.execPath, '--input-type=module', '-e', script, LAUNCH_JS];
  const [file = '', ...args] = [...without(PERL, CHRT), ...node];
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  assert.is(stderr, '');
  assert.equal(JSON.parse(stdout), [NONE, { file: 'x', args: ['y'], detached: true }]);
});

needs(test, { files: [PERL, CHRT], tools: ['script'] })('it has not got the terminal that we have', () => {
  const args = ['-c', TERMINAL];
  assert.is(inTerminal({ file: '/bin/sh', args, detached: false }), 'a terminal');
  assert.is(inTerminal(launching('/bin/sh', args, ALL)), 'none');
  assert.is(inTerminal(launching('/bin/sh', args, NONE)), 'none');
});

withPerl('a program that cannot be run says why, and is a failure', () => {
  const { file, args } = launching('/nowhere/chromium', [], ALL);
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  assert.is(stderr, '/nowhere/chromium: No such file or directory\n');
  assert.is(status, 2);
});

withBoth('every thread of a Chromium is a batch job', async () => {
  const tempDir = makeTempDir('launch');
  const browser = await startChromium(tempDir);
  const members = (): number[] => aliveInGroups([browser.pid]).map(({ pid }) => pid);
  try {
    // Two zygotes, and one for the GPU at the least.
    await until(() => members().length >= 4, WAIT_MS, 'its processes');
    assert.equal([...new Set(members().flatMap(policiesOf))], [BATCH]);
  } finally {
    browser.kill('shutdown');
    await browser.exited;
    browser.releaseEnds();
    rmSync(tempDir, { recursive: true });
  }
});

test.run();
