/**
 * Clients over WebSocket that are reset, stopped or killed at any moment, on a real server. Each has a process of its
 * own, and nothing is left of any. And a client that is sent a lot.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { open, upgradeRequest } from '../http/raw-socket.js';
import { freshSeed, seededRandom } from '../seeded-random.js';
import { checkIdentities } from './identities.js';
import { atRest, ready, type Server, start, total } from './server.js';

const test = suite('end-to-end/websocket-faults');
const WAIT_MS = 60_000;
/** 9 s of processor time, on a machine that may have other work. */
const TRANSFER_MS = 120_000;
const SLOTS = 2;
/** A page, in the shard that has had a job. */
const KEPT_READY = 1;
const SCRIPT = fileURLToPath(new URL('./client-process.js', import.meta.url));
const seed = freshSeed();
let server: Server;
let pages: Pages;
const clients: ChildProcess[] = [];
/** Open when nothing runs. */
let listenersAtRest = 0;

test.before(async () => {
  pages = await startPages();
  server = await start({ CONCURRENT: String(SLOTS), QUEUE_LENGTH: '40', TIMEOUT: String(TRANSFER_MS), WORKERS: '2' });
  await ready(server, WAIT_MS);
  await atRest(server);
  assert.is((await server.post('/content', { html: 'x' })).status, 200);
  await nothingRuns();
  listenersAtRest = listeners();
});

test.after.each(async () => {
  for (const client of clients.splice(0)) client.kill('SIGKILL');
  await nothingIsLeft();
});

test.after(async () => {
  await server.stop();
  await pages.close();
});

const port = (): number => Number(new URL(server.url).port);
const contexts = async (): Promise<number> => total(await server.samples(), 'headcount_contexts_open');
const failures = async (reason: string): Promise<number> =>
  total(await server.samples(), 'headcount_session_failures_total', `kind="cdp",reason="${reason}"`);
const states = async (): Promise<string[]> =>
  ((await (await server.get('/sessions')).json()) as { state: string }[]).map(({ state }) => state);

async function nothingRuns(): Promise<void> {
  await atRest(server);
  await until(async () => (await contexts()) === KEPT_READY, WAIT_MS, 'only contexts that are kept ready');
}

/** No session, no context, no exit, and the books are right. */
async function nothingIsLeft(): Promise<void> {
  await nothingRuns();
  await until(() => listeners() === listenersAtRest, WAIT_MS, 'the exits to be closed');
  const { samples } = await checkIdentities(server);
  assert.is(total(samples, 'headcount_contexts_leaked'), 0);
}

/** Addresses at which this process listens; every exit is among them. */
function listeners(): number {
  const own = new Set(readdirSync('/proc/self/fd').map(fileOf));
  const sockets = readFileSync('/proc/self/net/tcp', 'utf8').split('\n').slice(1);
  return sockets.filter((line) => {
    const [, , , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === '0A' && own.has(`socket:[${inode}]`);
  }).length;
}

function fileOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The descriptor by which the folder was read; it is closed by now.
    return '';
  }
}

interface Client {
  readonly process: ChildProcess;
  /** Resolves when the process has said this line. */
  said(line: string, ms?: number): Promise<void>;
}

function client(part = '', given = ''): Client {
  const endpoint = server.url.replace('http', 'ws');
  const child = spawn(process.execPath, [SCRIPT, endpoint, part, given], { stdio: ['ignore', 'pipe', 'inherit'] });
  clients.push(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return {
    process: child,
    async said(line, ms = WAIT_MS) {
      await until(() => output.split('\n').includes(line), ms, `it to say: ${line}`);
    },
  };
}

async function killed({ process }: Client): Promise<void> {
  const gone = new Promise((resolve) => process.once('exit', resolve));
  process.kill('SIGKILL');
  await deadline(gone, WAIT_MS, 'the end of the process');
}

test(`1000 resets at any moment of the handshake leave nothing behind (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const whole = upgradeRequest('/');
  const files = (): number => readdirSync('/proc/self/fd').length;
  const before = files();
  const one = async (): Promise<void> => {
    const socket = open(port());
    const length = random() < 0.3 ? Math.floor(random() * whole.length) : whole.length;
    const isAnswered = length === whole.length && random() < 0.1;
    const turns = Math.floor(random() * 60);
    await deadline(new Promise((resolve) => socket.write(whole.slice(0, length), resolve)), WAIT_MS, 'a write');
    if (isAnswered) await deadline(new Promise((resolve) => socket.once('data', resolve)), WAIT_MS, 'an answer');
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
  };
  for (let i = 0; i < 100; i++) await Promise.all(Array.from({ length: 10 }, one));
  await nothingIsLeft();
  await until(() => files() <= before + 2, WAIT_MS, 'the descriptors to be closed');
});

test('a client that is stopped while its page floods it ends by the limits, and others are served', async () => {
  const before = await failures('policy');
  const stopped = client('receives');
  await stopped.said('receives');
  stopped.process.kill('SIGSTOP');
  const other = client('transfers', '5');
  await other.said('5 intact');
  await until(async () => (await failures('policy')) === before + 1, WAIT_MS, 'its session to end');
  // The client still holds its socket, and reads nothing.
  await nothingIsLeft();
  stopped.process.kill('SIGCONT');
  await stopped.said('closed 1006');
});

test('200 MB arrive intact, and the memory is that of before', async () => {
  const held = async (): Promise<readonly [number, number]> => {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    return [process.memoryUsage.rss(), total(await server.samples(), 'headcount_worker_heap_used_bytes')];
  };
  const transfer = async (count: number): Promise<void> => {
    const one = client('transfers', String(count));
    await one.said(`${count} intact`, TRANSFER_MS);
    await nothingIsLeft();
  };
  await transfer(10);
  const [rss, heap] = await held();
  await transfer(50);
  const isFlat = async (): Promise<boolean> => {
    const [rssNow, heapNow] = await held();
    return rssNow < rss + 64 * 2 ** 20 && heapNow < heap + 16 * 2 ** 20;
  };
  await until(isFlat, WAIT_MS, 'the memory to be free again');
});

test('a client that is killed while it waits leaves the line', async () => {
  const running = Array.from({ length: SLOTS }, () => client());
  for (const one of running) await one.said('open');
  const waits = client();
  await until(async () => (await states()).includes('waiting'), WAIT_MS, 'it to wait');
  await killed(waits);
  await until(async () => (await states()).join() === 'running,running', WAIT_MS, 'it to be gone');
  await Promise.all(running.map(killed));
});

for (const [state, part, line] of [
  ['when it has just been answered', '', 'open'],
  ['while its page loads', 'loads', 'loads'],
  ['while its page runs an endless script', 'evaluates', 'evaluates'],
  ['while it receives', 'receives', 'receives'],
] as const) {
  test(`of a client that is killed ${state} nothing is left`, async () => {
    const before = pages.requests.length;
    const one = client(part, pages.url('/never'));
    await one.said(line);
    if (part === 'loads') await until(() => pages.requests.length > before, WAIT_MS, 'the page to be asked for');
    await killed(one);
    await nothingIsLeft();
  });
}

test.run();
