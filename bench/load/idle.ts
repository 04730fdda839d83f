/**
 * What the server costs while nobody asks for anything, with two workers: at most 5 ms of CPU a second, and 300 MB of
 * memory with Chromium's, of which Node.js has at most 120. CPU is that of the server's process. Memory is PSS, in
 * which what processes share counts once.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { isQuick } from '../measure.js';
import type { BenchReport, BenchRow } from '../row.js';
import { startServerProcess } from './rig/server.js';
import { type Tree, watchTree } from './rig/tree.js';

const CPU_MS_MAX = 5;
const ALL_MB_MAX = 300;
const NODE_MB_MAX = 120;
/** For this long after a start, V8 goes on compiling and collecting. */
const SETTLE_MS = isQuick() ? 25_000 : 40_000;
const LOOK_MS = isQuick() ? 10_000 : 30_000;

export async function run(): Promise<BenchReport> {
  const server = await startServerProcess({ WORKERS: '2' });
  try {
    await sleep(SETTLE_MS);
    const tree = watchTree(server.pid);
    const cpuMs = await cpuMsASecond(tree);
    const [all, node] = [tree.pssBytes() / 2 ** 20, tree.rootPssBytes() / 2 ** 20];
    return {
      rows: [
        rowOf('CPU ms a second of an idle server, Chromium apart', cpuMs, CPU_MS_MAX),
        rowOf('MB of an idle server with two workers', all, ALL_MB_MAX),
        rowOf('MB of an idle server with two workers, Chromium apart', node, NODE_MB_MAX),
      ],
      tables: [],
    };
  } finally {
    await server.stop();
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
