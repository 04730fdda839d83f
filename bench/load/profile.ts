/**
 * Where the server's own time goes, by profile: sessions on Chromium, and null sessions. Recording everything (tally,
 * lane, drain, fold, samples, history file, and their timers) takes less than 1 % of a session's CPU.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isQuick } from '../measure.js';
import { type BenchReport, type BenchRow, type DetailTable, told } from '../row.js';
import { drive, type Load } from './rig/drive.js';
import { startPageServer } from './rig/pages.js';
import { nowUs, type ProfiledThread, readProfiles } from './rig/profile.js';
import { startServerProcess } from './rig/server.js';
import { watchTree } from './rig/tree.js';

const SAMPLE_EVERY_US = 250;
const PERCENT_MAX = 1;
const CLIENTS = 4;
const WARM_UP = 12;
const DRIVE_MS_MAX = 90_000;
const REAL = isQuick() ? 20 : 150;
const NULL = isQuick() ? 2_000 : 15_000;
/** Owners with a smaller share are shown together. */
const SHOWN_SHARE = 0.01;

interface Profiled {
  readonly threads: readonly ProfiledThread[];
  readonly sessions: number;
  readonly elapsedMs: number;
  /** Of the whole tree, for all sessions together. */
  readonly cpuMs: number;
}

export async function run(): Promise<BenchReport> {
  const pages = await startPageServer();
  try {
    const body = JSON.stringify({ url: pages.urlOf('small') });
    const real = await profile({ path: '/screenshot', body, requests: REAL }, CLIENTS);
    const none = await profile({ path: '/test?operation=null', requests: NULL }, CLIENTS * 4);
    return {
      rows: [recordingRow(real), recordingMicroseconds(none)],
      tables: [
        tableOf('Screenshots, 4 clients: where the time of the server goes, Chromium apart', real),
        tableOf('Null sessions, 16 clients: where the time goes', none),
      ],
    };
  } finally {
    await pages.close();
  }
}

async function profile(load: Pick<Load, 'path' | 'body' | 'requests'>, clients: number): Promise<Profiled> {
  const folder = mkdtempSync(join(tmpdir(), 'headcount-profile-'));
  const args = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_EVERY_US}`];
  const settings = { CONCURRENT: String(clients), HEADCOUNT_TEST_SESSIONS: 'true' };
  try {
    const server = await startServerProcess(settings, args);
    const common = { url: server.url, connections: clients, limitMs: DRIVE_MS_MAX };
    let window = { fromUs: 0, toUs: 0 };
    let cpuMs = 0;
    let elapsedMs = 0;
    try {
      const tree = watchTree(server.pid);
      await drive({ ...load, ...common, requests: Math.max(WARM_UP, load.requests / 10) });
      const beforeMs = await tree.settledCpuMs();
      const fromUs = nowUs();
      const driven = await drive({ ...load, ...common });
      if (driven.asked.some(({ status }) => status !== 200)) throw new Error('a session failed');
      cpuMs = (await tree.settledCpuMs()) - beforeMs;
      elapsedMs = driven.elapsedMs;
      window = { fromUs, toUs: nowUs() };
    } finally {
      await server.stop();
    }
    return { threads: readProfiles(folder, window), sessions: load.requests, elapsedMs, cpuMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function recordingRow({ threads, cpuMs, sessions }: Profiled): BenchRow {
  const recordingMs = threads.reduce((sum, thread) => sum + thread.recordingMs, 0);
  const percent = (recordingMs / cpuMs) * 100;
  return {
    claim: '% of the CPU of a screenshot spent on recording it',
    ours: percent,
    compared: { with: 'CPU ms a session, in all', value: cpuMs / sessions },
    ratio: null,
    target: `< ${PERCENT_MAX}`,
    isMet: percent < PERCENT_MAX,
  };
}

function recordingMicroseconds({ threads, sessions, cpuMs }: Profiled): BenchRow {
  const recordingMs = threads.reduce((sum, thread) => sum + thread.recordingMs, 0);
  const all = { with: 'CPU µs a null session, in all', value: (cpuMs / sessions) * 1000 };
  return told('µs spent on recording a null session', (recordingMs / sessions) * 1000, all);
}

/** µs a session by owner, with the worker threads together. */
function tableOf(title: string, { threads, sessions }: Profiled): DetailTable {
  const main = new Map<string, number>();
  const workers = new Map<string, number>();
  for (const { isMain, msByOwner } of threads) {
    const sums = isMain ? main : workers;
    for (const [owner, ms] of msByOwner) sums.set(owner, (sums.get(owner) ?? 0) + (ms * 1000) / sessions);
  }
  const sumOf = (sums: ReadonlyMap<string, number>): number => [...sums.values()].reduce((sum, us) => sum + us, 0);
  const total = sumOf(main) + sumOf(workers);
  const both = (owner: string): number => (main.get(owner) ?? 0) + (workers.get(owner) ?? 0);
  const owners = [...new Set([...main.keys(), ...workers.keys()])].sort((a, b) => both(b) - both(a));
  const shown = owners.filter((owner) => both(owner) >= total * SHOWN_SHARE);
  const rest = owners.filter((owner) => !shown.includes(owner));
  const restOf = (sums: ReadonlyMap<string, number>): number =>
    rest.reduce((sum, one) => sum + (sums.get(one) ?? 0), 0);
  const line = (owner: string, us: { main: number; workers: number }): (string | number)[] => [
    owner,
    us.main,
    us.workers,
    `${(((us.main + us.workers) / total) * 100).toFixed(1)} %`,
  ];
  return {
    title,
    columns: ['whose', 'µs a session, main', 'workers', 'share'],
    rows: [
      ...shown.map((owner) => line(owner, { main: main.get(owner) ?? 0, workers: workers.get(owner) ?? 0 })),
      line('others', { main: restOf(main), workers: restOf(workers) }),
      line('all', { main: sumOf(main), workers: sumOf(workers) }),
    ],
  };
}
