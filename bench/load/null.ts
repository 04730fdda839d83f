/**
 * Sessions without a browser, through HTTP, admission, pool, worker, lane and fold. At least 0.6 times as many a second
 * as bare polka and bare piscina do of the same round trip; p99 at half load under 10 ms.
 */

import { isQuick, median } from '../measure.js';
import type { BenchRow } from '../row.js';
import { type Driven, drive, percentile } from './rig/drive.js';
import { type ServerProcess, startBareServer, startServerProcess } from './rig/server.js';
import { watchTree } from './rig/tree.js';

const THREADS = 2;
const CLIENTS = 16;
/** Until both are compiled; a server runs for longer than that. */
const WARM_UP_ROUNDS = isQuick() ? 2 : 3;
const ROUNDS = isQuick() ? 2 : 5;
const REQUESTS = isQuick() ? 3_000 : 6_000;
const HALF_LOAD_ROUNDS = isQuick() ? 1 : 3;
const HALF_LOAD_MS = isQuick() ? 1_500 : 3_000;
const RATIO_MIN = 0.6;
const P99_MS_MAX = 10;
const DRIVE_MS_MAX = 60_000;
const SETTINGS = { WORKERS: String(THREADS), CONCURRENT: String(CLIENTS), HEADCOUNT_TEST_SESSIONS: 'true' };

export async function run(): Promise<BenchRow[]> {
  const ours = await startServerProcess(SETTINGS);
  const bare = await startBareServer(THREADS).catch(async (error: unknown) => {
    await ours.stop();
    throw error;
  });
  try {
    return await throughput(ours, bare);
  } finally {
    await bare.stop();
    await ours.stop();
  }
}

async function throughput(ours: ServerProcess, bare: ServerProcess): Promise<BenchRow[]> {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    await flood(ours);
    await flood(bare);
  }
  const rounds: { ours: Flood; bare: Flood }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ ours: await flood(ours), bare: await flood(bare) });
  }
  const of = (pick: (round: { ours: Flood; bare: Flood }) => number): number => median(rounds.map(pick));
  const oursRate = of((round) => round.ours.perSecond);
  const rates = rounds.map((round) => round.ours.perSecond / round.bare.perSecond);
  const ratio = median(rates);
  const halfRate = oursRate / 2;
  const p99s: { ours: number; bare: number }[] = [];
  for (let round = 0; round < HALF_LOAD_ROUNDS; round++) {
    p99s.push({ ours: await halfLoad(ours, halfRate), bare: await halfLoad(bare, halfRate) });
  }
  const p99 = median(p99s.map((round) => round.ours));
  const bareP99 = median(p99s.map((round) => round.bare));
  const withBare = 'bare polka and piscina';
  return [
    {
      claim: 'null sessions a second',
      ours: oursRate,
      compared: { with: withBare, value: of((round) => round.bare.perSecond) },
      ratio,
      target: `>= ${RATIO_MIN} ×`,
      isMet: ratio >= RATIO_MIN,
      rounds: rates,
    },
    {
      claim: 'CPU ms a null session',
      ours: of((round) => round.ours.cpuMs),
      compared: { with: withBare, value: of((round) => round.bare.cpuMs) },
      ratio: of((round) => round.bare.cpuMs / round.ours.cpuMs),
      target: null,
      isMet: null,
    },
    {
      claim: `p99 ms of a null session at half load, ${Math.round(halfRate)} a second`,
      ours: p99,
      compared: { with: `${withBare}, same rate`, value: bareP99 },
      ratio: bareP99 / p99,
      target: `< ${P99_MS_MAX} ms`,
      isMet: p99 < P99_MS_MAX,
    },
  ];
}

interface Flood {
  readonly perSecond: number;
  readonly cpuMs: number;
}

/** As fast as it answers. */
async function flood({ url, pid }: ServerProcess): Promise<Flood> {
  const tree = watchTree(pid);
  const beforeMs = await tree.settledCpuMs();
  const { elapsedMs } = await ask(url, { requests: REQUESTS });
  const cpuMs = (await tree.settledCpuMs()) - beforeMs;
  return { perSecond: (REQUESTS / elapsedMs) * 1000, cpuMs: cpuMs / REQUESTS };
}

async function halfLoad({ url }: ServerProcess, ratePerSecond: number): Promise<number> {
  const requests = Math.round((ratePerSecond * HALF_LOAD_MS) / 1000);
  const { asked } = await ask(url, { requests, ratePerSecond });
  const times = asked.map(({ ms }) => ms);
  return percentile(times, 99);
}

async function ask(url: string, load: { requests: number; ratePerSecond?: number }): Promise<Driven> {
  const driven = await drive({
    url,
    path: '/test?operation=null',
    connections: CLIENTS,
    limitMs: DRIVE_MS_MAX,
    ...load,
  });
  const bad = driven.asked.find(({ status }) => status !== 200);
  if (bad) throw new Error(`a null session was answered ${bad.status}`);
  return driven;
}
