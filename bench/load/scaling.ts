/**
 * How the cost of a session without a browser grows: from 1 to 1000 clients, most of them in the queue, and from 1 to 8
 * workers. CPU of the server's process alone. To inform. What a worker and its Chromium cost by being there is not in
 * it.
 */

import { isQuick } from '../measure.js';
import { type BenchReport, type DetailTable, told } from '../row.js';
import { drive, percentile } from './rig/drive.js';
import { type ServerProcess, startServerProcess } from './rig/server.js';
import { watchTree } from './rig/tree.js';

const REQUESTS = isQuick() ? 1_000 : 6_000;
const WARM_UP = isQuick() ? 500 : 2_000;
const CLIENTS = isQuick() ? [1, 1000] : [1, 10, 100, 1000];
const WORKERS = isQuick() ? [1, 2] : [1, 2, 4, 8];
/** Few slots, so that more clients than this wait. */
const SLOTS = 16;
const WORKERS_USUAL = 2;
const CLIENTS_USUAL = 64;
const DRIVE_MS_MAX = 60_000;
const COLUMNS = ['a second', 'p50 ms', 'p99 ms', 'CPU ms a session', 'MB resident'];

interface Cost {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
}

export async function run(): Promise<BenchReport> {
  const byClients = await withServer(WORKERS_USUAL, async (server) => {
    const costs: [number, Cost][] = [];
    for (const clients of CLIENTS) costs.push([clients, await measure(server, clients)]);
    return costs;
  });
  const byWorkers: [number, Cost][] = [];
  for (const workers of WORKERS) {
    byWorkers.push([workers, await withServer(workers, (server) => measure(server, CLIENTS_USUAL))]);
  }
  const growth = (costs: readonly [number, Cost][]): number =>
    (costs.at(-1)?.[1].cpuMs ?? 0) / (costs[0]?.[1].cpuMs ?? 0);
  return {
    rows: [
      told(`times the CPU of a null session with ${CLIENTS.at(-1)} clients, of 1`, growth(byClients)),
      told(`times the CPU of a null session with ${WORKERS.at(-1)} workers, of 1`, growth(byWorkers)),
    ],
    tables: [
      tableOf(`Null sessions by clients, ${WORKERS_USUAL} workers, ${SLOTS} slots`, 'clients', byClients),
      tableOf(`Null sessions by workers, ${CLIENTS_USUAL} clients, ${SLOTS} slots`, 'workers', byWorkers),
    ],
  };
}

async function withServer<T>(workers: number, use: (server: ServerProcess) => Promise<T>): Promise<T> {
  const server = await startServerProcess({
    WORKERS: String(workers),
    CONCURRENT: String(SLOTS),
    QUEUE_LENGTH: String(CLIENTS.at(-1)),
    HEADCOUNT_TEST_SESSIONS: 'true',
  });
  try {
    await ask(server, { clients: SLOTS, requests: WARM_UP });
    return await use(server);
  } finally {
    await server.stop();
  }
}

async function measure(server: ServerProcess, clients: number): Promise<Cost> {
  const tree = watchTree(server.pid);
  const beforeMs = tree.rootCpuMs();
  const { asked, elapsedMs } = await ask(server, { clients, requests: REQUESTS });
  const cpuMs = (tree.rootCpuMs() - beforeMs) / REQUESTS;
  const times = asked.map(({ ms }) => ms);
  return {
    perSecond: (REQUESTS / elapsedMs) * 1000,
    p50Ms: percentile(times, 50),
    p99Ms: percentile(times, 99),
    cpuMs,
    residentBytes: tree.rootRssBytes(),
  };
}

async function ask({ url }: ServerProcess, { clients, requests }: { clients: number; requests: number }) {
  const load = { url, path: '/test?operation=null', connections: clients, requests, limitMs: DRIVE_MS_MAX };
  const driven = await drive(load);
  const bad = driven.asked.find(({ status }) => status !== 200);
  if (bad) throw new Error(`a null session was answered ${bad.status}`);
  return driven;
}

function tableOf(title: string, unit: string, costs: readonly [number, Cost][]): DetailTable {
  return {
    title,
    columns: [unit, ...COLUMNS],
    rows: costs.map(([count, { perSecond, p50Ms, p99Ms, cpuMs, residentBytes }]) => [
      String(count),
      perSecond,
      p50Ms,
      p99Ms,
      cpuMs,
      residentBytes / 2 ** 20,
    ]),
  };
}
