/**
 * Limits that are reached while the server runs, and are lifted again: descriptors, processes. It lives, says the truth
 * meanwhile, and is well again by itself. Nothing that was half opened stays open.
 */

import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { type Program, run, startProgram } from '../end-to-end/program.js';
import { samplesOf, total } from '../end-to-end/server.js';
import { makeTempDir } from '../temp-dir.js';
import { needs } from './needs.js';

const PIDS_CGROUP = '/sys/fs/cgroup/pids';
const test = suite('faults/limits');
const CHROMIUM = '/usr/lib/chromium/chromium-headless-shell';
const limitTest = needs(test, { tools: ['prlimit'], files: [CHROMIUM] });
// The limit of processes that a process has does not hold for root, and only root can make a cgroup.
const rootTest = needs(test, { root: true, files: [PIDS_CGROUP] });
const tempDir = makeTempDir('limits');

test.after(() => rmSync(tempDir, { recursive: true }));

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks over a connection that is open already, because under a limit no other can be had. */
interface Client {
  ask(path: string, body?: object): Promise<Answer>;
  /** Over a connection of its own. */
  askApart(path: string, body: object): Promise<Answer>;
  ready(): Promise<string>;
  count(name: string, part?: string): Promise<number>;
  close(): void;
}

function clientOf({ url }: Program): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const askBy = (agent: Agent | false, path: string, body?: object): Promise<Answer> =>
    deadline(
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', accept: 'application/json, text/plain;q=0.5' };
        const asked = request(url + path, { agent, method: body ? 'POST' : 'GET', headers }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        asked.on('error', reject);
        asked.end(body ? JSON.stringify(body) : undefined);
      }),
      40_000,
      path,
    );
  const ask: Client['ask'] = (path, body) => askBy(agent, path, body);
  return {
    ask,
    askApart: (path, body) => askBy(false, path, body),
    async ready() {
      const { status, text } = await ask('/health/ready');
      return `${status} ${JSON.parse(text).reason ?? ''}`;
    },
    count: async (name, part = '') => total(samplesOf((await ask('/prometheus')).text), `headcount_${name}`, part),
    close: () => agent.destroy(),
  };
}

function descriptorsOf({ child }: Program): string[] {
  return readdirSync(`/proc/${child.pid}/fd`);
}

/** Waits until as many descriptors are open as before; a failure says what they are. */
async function descriptorsBack(program: Program, before: number): Promise<void> {
  const isBack = (): boolean => Math.abs(descriptorsOf(program).length - before) <= 2;
  await until(isBack, 10_000, 'descriptors as before').catch((error: Error) => {
    const open = descriptorsOf(program).map((name) => readlinkSync(`/proc/${program.child.pid}/fd/${name}`));
    throw new Error(`${error.message}: ${before} before, and now ${open.length}: ${open.sort().join(', ')}`);
  });
}

/** Leaves the process so many descriptors that it may still open; null lifts the limit. */
function limitDescriptors(program: Program, free: number | null): void {
  const open = descriptorsOf(program)
    .map(Number)
    .sort((a, b) => a - b);
  // The limit is on the number of a descriptor. Below it some may be unused, and count as free.
  let limit = 0;
  for (let unused = 0; unused <= (free ?? 0) && limit < 4_096; limit++) if (!open.includes(limit)) unused++;
  const wanted = free === null ? 4_096 : limit - 1;
  execFileSync('prlimit', ['--pid', String(program.child.pid), `--nofile=${wanted}:`]);
}

/** The program ends in order and leaves nothing behind. Whatever happens, it ends. */
async function withProgram(
  settings: Readonly<Record<string, string>>,
  use: (program: Program, client: Client) => Promise<void>,
): Promise<void> {
  const program = await startProgram({ settings: { TMPDIR: tempDir, ...settings } });
  const client = clientOf(program);
  try {
    await use(program, client);
    program.child.kill('SIGTERM');
    assert.is(await deadline(program.exit, 20_000, 'the end'), 0);
    assert.equal(readdirSync(tempDir), []);
  } finally {
    client.close();
    program.child.kill('SIGKILL');
  }
}

async function takesSessions(client: Client): Promise<void> {
  await until(async () => (await client.ready()) === '200 ', 15_000, 'the server to be ready');
  await until(async () => (await client.count('workers', 'state="idle"')) === 2, 15_000, 'both workers');
  // More at a time than come together in one worker, so that both have had some and keep a page ready.
  for (let i = 0; i < 3; i++) {
    const all = await Promise.all(Array.from({ length: 10 }, () => client.askApart('/content', { html: 'x' })));
    for (const { status } of all) assert.is(status, 200);
  }
}

limitTest('no descriptor is left while threads die: it says so, and is well again when there are some', () =>
  // One row: no period ends meanwhile.
  withProgram({ METRICS_PERIOD_MS: '86400000' }, async (program, client) => {
    const said = (text: string): number => program.output().split(text).length - 1;
    await takesSessions(client);
    await until(async () => (await client.count('pages_open')) === 2, 10_000, 'rest');
    const before = descriptorsOf(program).length;
    limitDescriptors(program, 0);
    // Every timer ticks at least once with none left, sampling, reporting and flushing, and nobody dies of it.
    const ticked = await client.count('history_rows');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.is(ticked, 1);
    assert.is(await client.count('worker_restarts_total'), 0, program.output());
    assert.is(await client.count('collector_success'), 6, 'no collector fails for want of a descriptor');
    assert.is(await client.ready(), '200 ');
    for (let death = 1; death <= 2; death++) {
      assert.is((await client.ask('/test?operation=exit', {})).status, 502);
      await until(
        async () => (await client.count('worker_restarts_total', 'pool_rebuilt')) >= 2,
        20_000,
        'failed tries',
      );
      assert.is(await client.ready(), death === 1 ? '200 ' : '503 browser');
    }
    await until(
      async () => said('"a worker thread cannot be started; it is tried on"') >= 1,
      5_000,
      'the log to say so',
    );
    limitDescriptors(program, null);
    await takesSessions(client);
    assert.is(said('"all worker threads work again"'), 1);
    assert.ok(said('"a worker thread cannot be started; it is tried on"') <= 3, program.output());
    await descriptorsBack(program, before);
  }),
);

limitTest('browsers that can be started only half, for want of any number of descriptors, leave none open', () =>
  withProgram({ WORKERS: '1' }, async (program, client) => {
    const said = (text: string): number => program.output().split(text).length - 1;
    assert.is((await client.ask('/content', { html: 'x' })).status, 200);
    await until(async () => (await client.count('pages_open')) === 1, 10_000, 'rest');
    const before = descriptorsOf(program).length;
    for (let free = 0; free <= 10; free++) {
      const gone = said('"browser gone"');
      const [pid] = program.pids().slice(-1);
      process.kill(-(pid ?? 0), 'SIGKILL');
      await until(() => said('"browser gone"') > gone, 5_000, 'its end');
      // Within the pause before the next start, so that start finds exactly so many.
      const failures = await client.count('browser_launch_failures_total');
      limitDescriptors(program, free);
      const launches = program.pids().length;
      const isTried = async (): Promise<boolean> =>
        program.pids().length > launches || (await client.count('browser_launch_failures_total')) > failures;
      await until(isTried, 20_000, `a try with ${free}`);
      limitDescriptors(program, null);
      await until(() => program.pids().length > launches, 15_000, `another one after ${free}`);
      await until(async () => (await client.ready()) === '200 ', 5_000, `ready again after ${free}`);
    }
    assert.ok((await client.count('browser_launch_failures_total')) >= 3, 'some could not be started');
    await until(async () => (await client.count('pages_open')) === 1, 10_000, 'rest');
    await descriptorsBack(program, before);
    assert.is((await client.ask('/content', { html: 'x' })).status, 200);
  }),
);

limitTest(
  'a Chromium that is looked for while descriptors are short ends nobody, and is found when there are some',
  async () => {
    const CHROMIUM_PATH = join(tempDir, 'chromium');
    const settings = { PORT: '0', WORKERS: '1', METRICS_FILE: 'none', TMPDIR: tempDir, CHROMIUM_PATH };
    // A file must be there, or the setting would stop the start.
    writeFileSync(CHROMIUM_PATH, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const started = run({ settings });
    const program = { ...started, url: '', pids: () => [] };
    try {
      const url = (): string => /"url":"([^"]+)"/.exec(started.output())?.[1] ?? '';
      await until(() => url() !== '', 30_000, 'the server to listen');
      const client = clientOf({ ...program, url: url() });
      await until(async () => (await client.ready()) === '503 browser', 30_000, 'it to be hopeless');
      const before = descriptorsOf(program).length;
      rmSync(CHROMIUM_PATH);
      for (const free of [0, 1, 2, 4, 6, 8]) {
        limitDescriptors(program, free);
        symlinkSync(CHROMIUM, CHROMIUM_PATH);
        // It looks every 5 s at most, so one or two looks fall into this.
        await new Promise((resolve) => setTimeout(resolve, 6_000));
        assert.is(started.child.exitCode, null, started.output());
        rmSync(CHROMIUM_PATH);
        limitDescriptors(program, null);
      }
      await descriptorsBack(program, before);
      symlinkSync(CHROMIUM, CHROMIUM_PATH);
      await until(async () => (await client.ready()) === '200 ', 20_000, 'the server to be ready');
      client.close();
      started.child.kill('SIGTERM');
      assert.is(await deadline(started.exit, 20_000, 'the end'), 0);
    } finally {
      started.child.kill('SIGKILL');
      rmSync(CHROMIUM_PATH, { force: true });
    }
  },
);

/** A cgroup for the server's process, without a limit yet, because a limit on the process does not hold for root. */
function processLimit({ child }: Program): { set(pids: number | 'max'): void; remove(): Promise<unknown> } {
  const folder = join(PIDS_CGROUP, `headcount-test-${process.pid}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'cgroup.procs'), String(child.pid));
  return {
    set: (pids) => writeFileSync(join(folder, 'pids.max'), String(pids)),
    /** Processes still in it go back to the cgroup above, as long as there are any. */
    remove: () =>
      until(
        () => {
          try {
            const pids = readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
            for (const pid of pids) writeFileSync(join(PIDS_CGROUP, 'cgroup.procs'), pid);
            rmdirSync(folder);
            return true;
          } catch {
            // It has ended meanwhile, or has just started another.
            return false;
          }
        },
        10_000,
        'the end of the cgroup',
      ),
  };
}

rootTest('no thread can be started while threads die: the server lives, and is well again when some can', () =>
  withProgram({}, async (program, client) => {
    await takesSessions(client);
    const limit = processLimit(program);
    try {
      limit.set(1);
      for (let death = 1; death <= 2; death++) {
        assert.is((await client.ask('/test?operation=exit', {})).status, 502);
        await until(async () => (await client.count('worker_restarts_total', 'pool_rebuilt')) >= 2, 20_000, 'tries');
      }
      assert.match(program.output(), /ERR_WORKER_INIT_FAILED|EAGAIN/);
      assert.is(await client.ready(), '503 browser');
      limit.set('max');
      await takesSessions(client);
      assert.is(program.child.exitCode, null);
    } finally {
      await limit.remove();
    }
  }),
);

test.run();
