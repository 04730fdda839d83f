/**
 * A week in half an hour: 20 000 sessions of all makes on threads with little heap, while browsers and threads die, are
 * frozen or broken under them. Claimed: no thread runs out of memory, live heap stays where it is, every session is
 * accounted for, and the identities hold at the end.
 */

import { readdirSync } from 'node:fs';
import { readStat, readTypeFlag } from '../../src/host/process-files.js';
import { readNumericNames } from '../../src/host/virtual-files.js';
import { until } from '../../test/deadline.js';
import { checkIdentities } from '../../test/end-to-end/identities.js';
import { samplesOf, total } from '../../test/end-to-end/server.js';
import { type PageServer, startPageServer } from '../load/rig/pages.js';
import { type ServerProcess, startServerProcess } from '../load/rig/server.js';
import { isQuick } from '../measure.js';
import type { BenchReport, BenchRow, DetailTable } from '../row.js';

const SESSIONS = isQuick() ? 1_000 : 20_000;
const STAGES = isQuick() ? 10 : 20;
const CLIENTS = 8;
const WORKERS = 2;
const HEAP_MB = 64;
const BYTES_MAX = 1_024;
const REST_MS = 60_000;
const STAGE_LIMIT_MS = 600_000;
/** After these stages threads die no more, because what sessions leave in a thread that lives on has to fit. */
const THREAD_DEATHS = ['exit', 'throw', 'spin', 'exit'] as const;

interface Sample {
  readonly sessions: number;
  /** What happened in the middle of the stage. */
  readonly event: string;
  readonly failed: number;
  /** Bytes after a collection, of the worker that holds the most. */
  readonly mainHeapBytes: number;
  readonly workerHeapBytes: number;
  readonly descriptors: number;
  readonly threadRestarts: number;
  readonly browserExits: number;
}

/** Requests that were sent, so that none can get lost between the client and the books. */
interface Counts {
  sent: number;
  failed: number;
}

interface Scene {
  readonly server: ServerProcess;
  readonly pages: PageServer;
  readonly counts: Counts;
}

export async function run(): Promise<BenchReport> {
  const pages = await startPageServer();
  const server = await startServerProcess({
    WORKERS: String(WORKERS),
    WORKER_HEAP_MB: String(HEAP_MB),
    CONCURRENT: '6',
    QUEUED: '100',
    HEADCOUNT_TEST_SESSIONS: 'true',
  });
  try {
    return await live({ server, pages, counts: { sent: 0, failed: 0 } });
  } finally {
    await server.stop();
    await pages.close();
  }
}

async function live(scene: Scene): Promise<BenchReport> {
  const perStage = SESSIONS / STAGES;
  const samples: Sample[] = [];
  for (let stage = 0; stage < STAGES; stage++) {
    const death = THREAD_DEATHS[stage];
    const event = EVENTS[stage % EVENTS.length] ?? 'none';
    const goal = scene.counts.sent + perStage;
    const driven = drive(scene, goal);
    // In the middle of the stage, so that what dies has sessions.
    await until(() => scene.counts.sent >= goal - perStage / 2, STAGE_LIMIT_MS, 'half of a stage');
    if (death) await send(scene, `/test?operation=${death}`, {});
    else happen(event, scene.server);
    await driven;
    samples.push(await sample(scene, death ? `a thread ends by ${death}` : event));
  }
  const { server, counts } = scene;
  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(server.url + path, init);
  const asked = { get, samples: () => samplesFrom(server) };
  // Throws when an identity does not hold.
  await checkIdentities(asked);
  return reportOf(samples, counts, await asked.samples());
}

const EVENTS = ['none', 'browser killed', 'renderers killed', 'zygote killed', 'browser frozen'] as const;

function happen(event: (typeof EVENTS)[number], { pid }: ServerProcess): void {
  const [browser = 0] = browsersOf(pid);
  const end = (target: number, signal: NodeJS.Signals = 'SIGKILL'): void => {
    try {
      process.kill(target, signal);
    } catch {
      // It has just ended by itself.
    }
  };
  const endAll = (type: string): void => {
    for (const one of readNumericNames('/proc') ?? []) {
      if (readStat('/proc', one)?.groupId === browser && readTypeFlag('/proc', one) === type) end(one);
    }
  };
  if (event === 'browser killed') end(-browser);
  if (event === 'renderers killed') endAll('renderer');
  if (event === 'zygote killed') endAll('zygote');
  if (event === 'browser frozen') end(-browser, 'SIGSTOP');
}

/** Children of the server that lead a group of their own. */
function browsersOf(serverPid: number): number[] {
  return (readNumericNames('/proc') ?? []).filter((pid) => {
    const stat = readStat('/proc', pid);
    return stat?.parentPid === serverPid && stat.groupId === pid && !stat.isDead;
  });
}

/** Sends sessions until `goal` have been sent since the start. */
async function drive(scene: Scene, goal: number): Promise<void> {
  const { pages, counts } = scene;
  const html = '<h1>some text</h1><p>and more</p>';
  const MAKES: readonly (readonly [path: string, body: object])[] = [
    ['/content', { html }],
    ['/test?operation=null', {}],
    ['/content', { html, waitForSelector: { selector: 'p' } }],
    ['/content', { url: pages.urlOf('small') }],
    ['/content', { html, userAgent: 'week', cookies: [{ name: 'a', value: 'b', url: pages.urlOf('small') }] }],
    ['/test?operation=null', {}],
    ['/screenshot', { html, options: { type: 'jpeg' } }],
    ['/content', { html, addStyleTag: [{ content: 'p { color: red }' }] }],
    ['/content', { url: 'http://127.0.0.1:1/' }],
    ['/pdf', { html }],
  ];
  const work = async (): Promise<void> => {
    while (counts.sent < goal) {
      const [path, body] = MAKES[counts.sent % MAKES.length] ?? ['', {}];
      await send(scene, path, body);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
}

async function send({ server, counts }: Scene, path: string, body: object): Promise<string> {
  counts.sent++;
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body), headers });
  const text = await response.text();
  if (response.status !== 200) counts.failed++;
  return text;
}

async function samplesFrom({ url }: ServerProcess): Promise<Map<string, number>> {
  return samplesOf(await (await fetch(`${url}/prometheus`, { headers: { accept: 'text/plain' } })).text());
}

async function sample(scene: Scene, event: string): Promise<Sample> {
  const { server, counts } = scene;
  const isAtRest = async (): Promise<boolean> => {
    const samples = await samplesFrom(server);
    const sessions: unknown[] = JSON.parse(await (await fetch(`${server.url}/sessions`)).text());
    return sessions.length === 0 && total(samples, 'headcount_workers', 'state="idle"') === WORKERS;
  };
  await until(isAtRest, REST_MS, `rest after "${event}"`);
  // Two at once go to two workers.
  const asked = Array.from({ length: WORKERS }, () => send(scene, '/test?operation=census', {}));
  const heaps = (await Promise.all(asked)).map((text): number => JSON.parse(text).heapUsedBytes);
  const main = await fetch(`${server.url}/test?operation=main-census`, { method: 'POST' });
  const samples = await samplesFrom(server);
  return {
    sessions: counts.sent,
    event,
    failed: counts.failed,
    mainHeapBytes: JSON.parse(await main.text()).heapUsedBytes,
    workerHeapBytes: Math.max(...heaps),
    descriptors: readdirSync(`/proc/${server.pid}/fd`).length,
    threadRestarts: total(samples, 'headcount_worker_restarts_total'),
    browserExits: total(samples, 'headcount_browser_exits_total'),
  };
}

function reportOf(samples: readonly Sample[], { sent }: Counts, last: ReadonlyMap<string, number>): BenchReport {
  // The first sample is warm. Of the workers' samples, the first one counts that follows the last death of a thread.
  const [first, settled, end] = [samples[0], samples[THREAD_DEATHS.length], samples.at(-1)];
  if (!first || !settled || !end) throw new Error('nothing was measured');
  const mainBytes = grownBy((end.mainHeapBytes - first.mainHeapBytes) / (end.sessions - first.sessions));
  const workerSessions = (end.sessions - settled.sessions) / WORKERS;
  const workerBytes = grownBy((end.workerHeapBytes - settled.workerHeapBytes) / workerSessions);
  const outOfMemory = total(last, 'headcount_worker_restarts_total', 'reason="out_of_memory"');
  const unaccounted = sent - total(last, 'headcount_sessions_requested_total');
  return {
    rows: [
      rowOf(
        `threads of ${HEAP_MB} MiB that ran out of memory in ${sent} sessions`,
        outOfMemory,
        'none',
        outOfMemory === 0,
      ),
      rowOf('sessions sent that are not in the books', unaccounted, 'none', unaccounted === 0),
      rowOf('bytes of live heap a session, main', mainBytes, `under ${BYTES_MAX}`, mainBytes < BYTES_MAX),
      rowOf('bytes of live heap a session, worker', workerBytes, `under ${BYTES_MAX}`, workerBytes < BYTES_MAX),
      rowOf(
        'descriptors more than at first',
        end.descriptors - first.descriptors,
        'at most 2',
        end.descriptors - first.descriptors <= 2,
      ),
    ],
    tables: [tableOf(samples)],
  };
}

/** A heap that is smaller than before has grown by nothing. */
function grownBy(bytes: number): number {
  return Math.max(0, bytes);
}

function rowOf(claim: string, ours: number, target: string, isMet: boolean): BenchRow {
  return { claim, ours, compared: null, ratio: null, target, isMet, isCount: true };
}

function tableOf(samples: readonly Sample[]): DetailTable {
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  return {
    title: `A week: ${WORKERS} threads of ${HEAP_MB} MiB, ${CLIENTS} clients; live heap after a collection`,
    columns: [
      'sessions',
      'what happened meanwhile',
      'failed',
      'MB main',
      'MB worker',
      'fds',
      'threads replaced',
      'browsers ended',
    ],
    rows: samples.map((one) => [
      String(one.sessions),
      one.event,
      String(one.failed),
      megabytes(one.mainHeapBytes),
      megabytes(one.workerHeapBytes),
      String(one.descriptors),
      String(one.threadRestarts),
      String(one.browserExits),
    ]),
  };
}
