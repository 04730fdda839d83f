/**
 * Memory that stays where it is: the server's resident memory after 10 000 null sessions is within 5 % of that after
 * 500, and the same over 500 sessions on Chromium. Main and its threads are one process; Chromium is not in it.
 */

import { isQuick } from '../measure.js';
import type { BenchReport, BenchRow, DetailTable } from '../row.js';
import { drive, type Load } from './rig/drive.js';
import { startPageServer } from './rig/pages.js';
import { startServerProcess } from './rig/server.js';
import { watchTree } from './rig/tree.js';

const RATIO_MAX = 1.05;
const NULL_CLIENTS = 16;
const NULL_AFTER = isQuick() ? [500, 1_000] : [500, 1_000, 2_000, 5_000, 10_000];
const REAL_CLIENTS = 4;
const REAL_AFTER = isQuick() ? [20, 40] : [50, 100, 200, 300, 400, 550];
const DRIVE_MS_MAX = 90_000;

interface Sample {
  readonly sessions: number;
  readonly megabytes: number;
  readonly cpuMs: number;
}

export async function run(): Promise<BenchReport> {
  const none = await grow({ path: '/test?operation=null', connections: NULL_CLIENTS }, NULL_AFTER);
  const pages = await startPageServer();
  try {
    const body = JSON.stringify({ url: pages.urlOf('small') });
    const real = await grow({ path: '/screenshot', body, connections: REAL_CLIENTS }, REAL_AFTER);
    return {
      rows: [rowOf('null sessions', none), rowOf('screenshots', real)],
      tables: [tableOf('null sessions', none), tableOf('screenshots', real)],
    };
  } finally {
    await pages.close();
  }
}

/** In a server of its own, which has done nothing before. */
async function grow(
  load: Pick<Load, 'path' | 'body' | 'connections'>,
  counts: readonly number[],
): Promise<readonly Sample[]> {
  const server = await startServerProcess({ CONCURRENT: String(load.connections), HEADCOUNT_TEST_SESSIONS: 'true' });
  try {
    const tree = watchTree(server.pid);
    const samples: Sample[] = [];
    let done = 0;
    for (const sessions of counts) {
      const requests = sessions - done;
      const beforeMs = tree.rootCpuMs();
      const { asked } = await drive({ url: server.url, requests, limitMs: DRIVE_MS_MAX, ...load });
      if (asked.some(({ status }) => status !== 200)) throw new Error('a session failed');
      const cpuMs = (tree.rootCpuMs() - beforeMs) / requests;
      await tree.settledCpuMs();
      samples.push({ sessions, megabytes: tree.rootRssBytes() / 2 ** 20, cpuMs });
      done = sessions;
    }
    return samples;
  } finally {
    await server.stop();
  }
}

function rowOf(what: string, samples: readonly Sample[]): BenchRow {
  const [early, late] = [samples[0], samples.at(-1)];
  if (!early || !late) throw new Error('nothing was measured');
  return {
    claim: `MB resident after ${late.sessions} ${what}, Chromium apart`,
    ours: late.megabytes,
    compared: { with: `after ${early.sessions}`, value: early.megabytes },
    ratio: early.megabytes / late.megabytes,
    target: `at most ${RATIO_MAX} of it`,
    isMet: late.megabytes <= early.megabytes * RATIO_MAX,
  };
}

function tableOf(what: string, samples: readonly Sample[]): DetailTable {
  return {
    title: `Growth with ${what}: the server's process, threads included`,
    columns: ['sessions', 'MB resident', 'CPU ms a session since the line before'],
    rows: samples.map(({ sessions, megabytes, cpuMs }) => [String(sessions), megabytes, cpuMs]),
  };
}
