/**
 * What the server costs while nobody asks for anything, with two workers: at most 5 ms of CPU a second, and 300 MB of
 * memory, Chromium's included, of which Node.js has at most 120. CPU is that of the server's process; memory is PSS,
 * where what processes share counts once. Beside it the same with one and with four workers, and puppeteer-cluster,
 * each alone on the machine, at rest and with four clients.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { isQuick } from '../measure.js';
import type { BenchReport, BenchRow, DetailTable } from '../row.js';
import { RIVALS, type RivalName, startContender } from './rig/contenders.js';
import { startPageServer } from './rig/pages.js';
import { type Memory, PROCESSES, sumOf, type Tree } from './rig/tree.js';

const CPU_MS_MAX = 5;
const ALL_MB_MAX = 300;
const NODE_MB_MAX = 120;
/** What V8 compiles and collects after a start goes on for as long. */
const SETTLE_MS = 45_000;
const LOOK_MS = isQuick() ? 10_000 : 15_000;
const NAMES: readonly RivalName[] = isQuick() ? ['two', 'cluster'] : ['two', 'single', 'four', 'cluster'];
const LOADED = { kind: 'screenshot', clients: 4, gapMs: 0, sessions: 32 } as const;

interface Rest {
  readonly name: RivalName;
  readonly cpuMs: number;
  readonly idle: Memory;
  readonly loaded: Memory;
}

export async function run(): Promise<BenchReport> {
  const pages = await startPageServer();
  try {
    const rests: Rest[] = [];
    // One after the other: what two of them have in common would be half each one's.
    for (const name of NAMES) rests.push(await restOf(name, pages.urlOf('small')));
    const [ours, cluster] = [rests.at(0), rests.at(-1)];
    if (!ours || !cluster) throw new Error('nothing was measured');
    return {
      rows: [
        {
          ...rowOf('CPU ms a second of an idle server, Chromium apart', ours.cpuMs, CPU_MS_MAX),
          compared: { with: RIVALS.cluster.shownAs, value: cluster.cpuMs },
          ratio: cluster.cpuMs / ours.cpuMs,
        },
        rowOf('MB of an idle server with two workers', sumOf(ours.idle) / 2 ** 20, ALL_MB_MAX),
        rowOf('MB of an idle server with two workers, Chromium apart', ours.idle.program / 2 ** 20, NODE_MB_MAX),
      ],
      tables: [tableOf(rests)],
    };
  } finally {
    await pages.close();
  }
}

async function restOf(name: RivalName, pageUrl: string): Promise<Rest> {
  const contender = await startContender(name);
  try {
    await sleep(SETTLE_MS);
    const { tree } = contender;
    const cpuMs = await cpuMsASecond(tree);
    const idle = tree.memory();
    const { memory: loaded } = await contender.measure({ ...LOADED, pageUrl });
    return { name, cpuMs, idle, loaded };
  } finally {
    await contender.stop();
  }
}

async function cpuMsASecond(tree: Tree): Promise<number> {
  const [startMs, beforeMs] = [performance.now(), tree.rootCpuMs()];
  await sleep(LOOK_MS);
  return ((tree.rootCpuMs() - beforeMs) * 1000) / (performance.now() - startMs);
}

function rowOf(claim: string, ours: number, most: number): BenchRow {
  return { claim, ours, compared: null, ratio: null, target: `at most ${most}`, isMet: ours <= most };
}

function tableOf(rests: readonly Rest[]): DetailTable {
  const row = (name: RivalName, when: string, memory: Memory, cpuMs: number | ''): (string | number)[] => [
    RIVALS[name].shownAs,
    when,
    sumOf(memory) / 2 ** 20,
    ...PROCESSES.map((process) => memory[process] / 2 ** 20),
    cpuMs,
  ];
  return {
    title: 'Memory by process, PSS MB, and CPU ms a second of the program at rest',
    columns: ['who', 'when', 'all', ...PROCESSES, 'CPU ms'],
    rows: rests.flatMap(({ name, idle, loaded, cpuMs }) => [
      row(name, 'at rest', idle, cpuMs),
      row(name, '4 clients', loaded, ''),
    ]),
  };
}
