/**
 * The program as a process: how it starts, how it stops in order, and how it is stopped in other ways. Nothing outlives
 * it.
 */

import { readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readStat, readTypeFlag } from '../../src/host/process-files.js';
import { readNumericNames } from '../../src/host/virtual-files.js';
import { deadline, until } from '../deadline.js';
import { aliveInGroups, signalAll, stopGroups } from '../end-to-end/processes.js';
import { type Program, run as runProgram, type Started, startProgram } from '../end-to-end/program.js';
import { makeTempDir } from '../temp-dir.js';
import { CHRT, PERL, without } from './hide.js';
import { needs } from './needs.js';

/** What Chromium calls its processes; the first has no name. */
const KINDS = ['browser', 'zygote', 'gpu-process', 'utility', 'renderer'];
/** Bounds what must come soon: far below what it would take otherwise, far above what a busy machine needs. */
const SOON_MS = 15_000;
/** Longer than any bound of these tests, and shorter than the time limit of a session. */
const LONG_MS = 25_000;

const test = suite('faults/signals');
const tempDir = makeTempDir('signals');

const run = (settings: Readonly<Record<string, string>>, args: readonly string[] = []): Started =>
  runProgram({ settings: { TMPDIR: tempDir, ...settings }, args });

const start = (settings: Readonly<Record<string, string>> = {}): Promise<Program> =>
  startProgram({ settings: { TMPDIR: tempDir, ...settings } });

function slow(program: Program, ms = 1_500): Promise<Response> {
  const body = JSON.stringify({ html: 'x', waitForTimeout: ms });
  return fetch(`${program.url}/content`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
}

async function running(program: Program, count: number): Promise<void> {
  const now = async () => JSON.parse(await (await fetch(`${program.url}/sessions`)).text()).length === count;
  await until(now, SOON_MS, `${count} running sessions`);
}

/** No process of a browser's group is left, except zombies that nobody has reaped yet. */
async function browsersGone(program: Program): Promise<void> {
  const pids = program.pids();
  assert.is(pids.length, 2);
  await until(() => aliveInGroups(pids).length === 0, SOON_MS, 'the browsers to be gone');
}

function isRunning(pid: number): boolean {
  return readStat('/proc', pid)?.isDead === false;
}

test.after(() => rmSync(tempDir, { recursive: true }));

test('SIGTERM while idle: exit 0 at once, nothing left', async () => {
  const program = await start();
  program.child.kill('SIGTERM');
  assert.is(await deadline(program.exit, SOON_MS, 'the end'), 0);
  await browsersGone(program);
  assert.equal(readdirSync(tempDir), []);
});

test('SIGTERM while busy: what runs finishes, what waits and what comes is refused, health says so', async () => {
  const program = await start({ CONCURRENT: '1' });
  const first = slow(program);
  await running(program, 1);
  const waiting = slow(program);
  const pressure = async () => JSON.parse(await (await fetch(`${program.url}/pressure`)).text()).pressure.queued;
  await until(async () => (await pressure()) === 1, SOON_MS, 'one to wait');
  program.child.kill('SIGTERM');
  assert.is((await waiting).status, 503);
  const health = await fetch(`${program.url}/health/ready`);
  assert.equal([health.status, JSON.parse(await health.text()).reason], [503, 'draining']);
  const late = await slow(program);
  assert.equal([late.status, JSON.parse(await late.text()).error.code], [503, 'DRAINING']);
  assert.is((await first).status, 200);
  assert.is(await deadline(program.exit, SOON_MS, 'the end'), 0);
  await browsersGone(program);
  assert.equal(readdirSync(tempDir), []);
});

test('the time to drain is over: what runs is killed, exit 0', async () => {
  const program = await start({ DRAIN_TIMEOUT: '100' });
  const killed = slow(program, LONG_MS);
  await running(program, 1);
  program.child.kill('SIGINT');
  assert.is(JSON.parse(await (await killed).text()).error.code, 'SESSION_KILLED');
  assert.is(await deadline(program.exit, SOON_MS, 'the end'), 0);
  await browsersGone(program);
});

test('SIGTERM while a thread spins: its session is settled by the heartbeat, not by the time to drain', async () => {
  const program = await start({ DRAIN_TIMEOUT: '60000', WORKERS: '2' });
  const spun = fetch(`${program.url}/test?operation=spin`, { method: 'POST' });
  await running(program, 1);
  program.child.kill('SIGTERM');
  assert.is((await spun).status, 502);
  assert.is(await deadline(program.exit, LONG_MS, 'the end'), 0);
  await browsersGone(program);
  assert.equal(readdirSync(tempDir), []);
});

test('SIGTERM while it starts: exit 0, nothing left', async () => {
  for (const sign of ['a folder', 'a thread']) {
    const { child, exit, output } = run({ PORT: '0', WORKERS: '1', METRICS_FILE: 'none' });
    const hasBegun = (): boolean =>
      sign === 'a folder' ? readdirSync(tempDir).length > 0 : output().includes('"listening"');
    await until(hasBegun, 2 * SOON_MS, sign);
    child.kill('SIGTERM');
    assert.is(await deadline(exit, LONG_MS, 'the end'), 0, output());
    assert.equal(readdirSync(tempDir), [], sign);
  }
});

test('a second signal ends it now', async () => {
  const program = await start();
  const left = slow(program, LONG_MS).then(
    ({ status }) => status,
    () => 'cut off',
  );
  await running(program, 1);
  program.child.kill('SIGTERM');
  await until(() => program.output().includes('"stopping"'), SOON_MS, 'the first signal to be seen');
  program.child.kill('SIGTERM');
  assert.is(await deadline(program.exit, SOON_MS, 'the end'), 1);
  assert.is(await left, 'cut off');
  await browsersGone(program);
});

test('SIGKILL: no browser survives, and the next start removes the folder', async () => {
  const program = await start();
  program.child.kill('SIGKILL');
  await deadline(program.exit, SOON_MS, 'the end');
  await browsersGone(program);
  const next = await start();
  assert.is(readdirSync(tempDir).length, 1);
  next.child.kill('SIGTERM');
  assert.is(await deadline(next.exit, SOON_MS, 'the end'), 0);
  assert.equal(readdirSync(tempDir), []);
});

/**
 * Stops its browsers once they are at rest and have processes of every kind. Returns the pids of all that stand. One
 * that was ending goes on with that.
 */
async function freeze(program: Program): Promise<number[]> {
  const membersOf = (group: number): number[] =>
    (readNumericNames('/proc') ?? []).filter((pid) => readStat('/proc', pid)?.groupId === group);
  const isWhole = (group: number): boolean => {
    const kinds = membersOf(group).map((pid) => readTypeFlag('/proc', pid) ?? 'browser');
    return kinds.filter((kind) => kind === 'zygote').length >= 2 && KINDS.every((kind) => kinds.includes(kind));
  };
  // More than come together in one browser, after which each keeps a page ready.
  for (const { status } of await Promise.all(Array.from({ length: 10 }, () => slow(program, 300)))) {
    assert.is(status, 200);
  }
  await running(program, 0);
  await until(() => program.pids().every(isWhole), SOON_MS, 'processes of every kind');
  return await stopGroups(program.pids());
}

needs(test, { files: [PERL] })('SIGKILL with browsers frozen in its session: the kernel ends them', async () => {
  const program = await start();
  const frozen = await freeze(program);
  assert.ok(frozen.every(isRunning));
  program.child.kill('SIGKILL');
  await deadline(program.exit, SOON_MS, 'the end');
  await browsersGone(program);
  const next = await start();
  next.child.kill('SIGTERM');
  assert.is(await deadline(next.exit, SOON_MS, 'the end'), 0);
  assert.equal(readdirSync(tempDir), []);
});

const hidden = needs(test, { root: true, tools: ['unshare'] });
hidden('SIGKILL with browsers frozen, without perl and chrt: the next start ends every process of theirs', async () => {
  const command = [...without(PERL, CHRT), process.execPath];
  const program = await startProgram({ settings: { TMPDIR: tempDir }, command });
  const frozen = await freeze(program);
  const [folder = ''] = readdirSync(tempDir);
  program.child.kill('SIGKILL');
  await deadline(program.exit, SOON_MS, 'the end');
  assert.ok(frozen.length >= 2 * 6 && frozen.every(isRunning), 'all outlive the server');
  const next = await start();
  const left = frozen.filter(isRunning);
  signalAll(left, 'SIGKILL');
  assert.equal(left, []);
  assert.equal(readdirSync(tempDir).length, 1);
  assert.not(readdirSync(tempDir).includes(folder));
  next.child.kill('SIGTERM');
  assert.is(await deadline(next.exit, SOON_MS, 'the end'), 0);
  assert.equal(readdirSync(tempDir), []);
});

test('SIGKILL and SIGTERM: the next start goes on in the history', async () => {
  const METRICS_FILE = join(tempDir, 'state', 'headcount.ring');
  const totals = async ({ url }: Program): Promise<{ successful: number; sessionTimes: number[] }> =>
    JSON.parse(await (await fetch(`${url}/metrics/all`)).text());
  const exported = async (): Promise<number> => {
    const { exit, output } = run({ METRICS_FILE }, ['history', 'export', '--format', 'json']);
    assert.is(await exit, 0, output());
    return JSON.parse(output()).reduce((sum: number, row: { successful: number }) => sum + row.successful, 0);
  };
  let times: number[] = [];
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
    const program = await start({ METRICS_FILE });
    assert.equal((await totals(program)).sessionTimes, times);
    assert.is((await slow(program)).status, 200);
    const count = times.length + 1;
    times = (await totals(program)).sessionTimes;
    assert.is(times.length, count);
    // A killed server loses at most its last second. One that is told to stop loses nothing.
    if (signal === 'SIGKILL') await until(async () => (await exported()) === count, SOON_MS, 'the flush');
    program.child.kill(signal);
    await deadline(program.exit, SOON_MS, 'the end');
    assert.is(await exported(), count);
    await browsersGone(program);
  }
  // What the killed servers left, and the history.
  for (const name of readdirSync(tempDir)) rmSync(join(tempDir, name), { recursive: true });
});

test('a port that is taken, and settings that are wrong: one clear message, exit 1', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const refused = run({ PORT: port, METRICS_FILE: 'none', LOG_LEVEL: 'silent' });
  assert.is(await deadline(refused.exit, 2 * SOON_MS, 'the end'), 1);
  assert.is(refused.output().trim(), `headcount cannot start: 127.0.0.1:${port} is taken: set PORT to another`);
  taken.close();
  const wrong = run({ PORT: 'x', CONCURRENT: '-2', HOST: '0.0.0.0', TOKEN: '' }, ['--workers', '999', '--nonsense']);
  assert.is(await deadline(wrong.exit, SOON_MS, 'the end'), 1);
  for (const name of ['PORT', 'CONCURRENT', 'HOST', '--workers', '--nonsense']) assert.match(wrong.output(), name);
  const help = run({}, ['--help']);
  assert.is(await deadline(help.exit, SOON_MS, 'the end'), 0);
  assert.match(help.output(), '--max-concurrent-sessions, MAX_CONCURRENT_SESSIONS, CONCURRENT [10]');
});

test.run();
