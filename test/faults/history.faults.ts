/**
 * A history file that a running server cannot have: another user's folder, a read-only mount. Each failed try is
 * counted, so the alert on it fires. The log says once what is wrong and with which setting. And it is well again by
 * itself, with all sessions since the start. Needs root, to be another user and to mount.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { type Program, startProgram } from '../end-to-end/program.js';
import { samplesOf, total } from '../end-to-end/server.js';
import { needs } from './needs.js';

const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const FAILURES = 'headcount_history_flush_failures_total';
/** Longer than the longest pause between two tries. */
const AGAIN_MS = 15_000;
const END_MS = 10_000;

interface Context {
  folder: string;
  programs: Program[];
}

const test = suite<Context>('faults/history');
const rootTest = needs(test, { root: true, tools: ['unshare', 'nsenter', 'setpriv'] });

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'headcount-test-history-'));
  chownSync(context.folder, NOBODY, NOBODY);
  context.programs = [];
});
test.after.each(({ folder, programs }) => {
  for (const { child } of programs) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function start(context: Context, stateDir: string, command: readonly string[]): Promise<Program> {
  const settings = {
    WORKERS: '1',
    METRICS_FILE: '',
    STATE_DIR: stateDir,
    TMPDIR: context.folder,
    HOME: context.folder,
  };
  const program = await startProgram({ settings, command: [...command, process.execPath] });
  context.programs.push(program);
  return program;
}

async function session({ url }: Program): Promise<void> {
  assert.is((await fetch(`${url}/test?operation=null`, { method: 'POST' })).status, 200);
}

async function failuresOf({ url }: Program, reason: string): Promise<number> {
  const text = await (await fetch(`${url}/prometheus`, { headers: { accept: 'text/plain' } })).text();
  return total(samplesOf(text), FAILURES, `reason="${reason}"`);
}

async function countOf({ url }: Program): Promise<number> {
  return JSON.parse(await (await fetch(`${url}/metrics/all?sessionTimes=false`)).text()).successful;
}

async function stop(program: Program): Promise<void> {
  program.child.kill('SIGTERM');
  assert.is(await deadline(program.exit, END_MS, 'the end'), 0, program.output());
}

/** Checks that tries go on and are counted while it lasts, what is said, and that it is over once `mend` was called. */
async function check(program: Program, { why, mend }: { why: string; mend: () => void }): Promise<void> {
  const first = await failuresOf(program, 'read_only');
  assert.ok(first >= 1, 'counted from the start');
  await session(program);
  await until(async () => (await failuresOf(program, 'read_only')) >= first + 2, AGAIN_MS, 'more tries');
  const said = (): string[] =>
    program
      .output()
      .split('\n')
      .filter((line) => line.includes('headcount.ring'));
  assert.is(said().length, 1, program.output());
  assert.match(said()[0] ?? '', why);
  assert.match(said()[0] ?? '', '(STATE_DIR)');
  assert.not.match(said()[0] ?? '', /listen|lock/);
  mend();
  await until(() => said().length > 1, AGAIN_MS, 'it is well again');
  assert.match(said()[1] ?? '', 'is written to');
  const after = await failuresOf(program, 'read_only');
  await session(program);
  await stop(program);
  assert.is(said().length, 2, program.output());
  assert.ok(after >= first + 2);
}

rootTest("another user's folder, until it is one's own", async (context) => {
  const stateDir = join(context.folder, 'state');
  mkdirSync(stateDir, { mode: 0o755 });
  const mend = (): void => chownSync(stateDir, NOBODY, NOBODY);
  await check(await start(context, stateDir, AS_NOBODY), {
    why: `headcount.ring (STATE_DIR) cannot be written: EACCES: permission denied, in the folder ${stateDir}`,
    mend,
  });
  const next = await start(context, stateDir, AS_NOBODY);
  assert.is(await countOf(next), 2);
  await stop(next);
});

rootTest('a folder that cannot be made, until somebody makes it', async (context) => {
  const parent = join(context.folder, 'srv');
  const stateDir = join(parent, 'state');
  mkdirSync(parent, { mode: 0o755 });
  const mend = (): void => {
    mkdirSync(stateDir);
    chownSync(stateDir, NOBODY, NOBODY);
  };
  await check(await start(context, stateDir, AS_NOBODY), {
    why: `headcount.ring (STATE_DIR) cannot be written: EACCES: permission denied, mkdir '${stateDir}'`,
    mend,
  });
});

rootTest('a read-only mount, until it is writable', async (context) => {
  const stateDir = join(context.folder, 'state');
  mkdirSync(stateDir);
  chmodSync(stateDir, 0o777);
  const mount = `mount -t tmpfs -o ro,size=64m,mode=777 tmpfs ${stateDir} && exec "$@"`;
  const program = await start(context, stateDir, ['unshare', '-m', 'sh', '-c', mount, 'sh']);
  const inside = ['-t', String(program.child.pid), '-m', 'mount', '-o', 'remount,rw', stateDir];
  await check(program, {
    why: 'headcount.ring (STATE_DIR) cannot be written: EROFS: read-only file system',
    mend: () => void execFileSync('nsenter', inside),
  });
});

test.run();
