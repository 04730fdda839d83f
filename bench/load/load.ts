/**
 * Screenshots of a 2 KB page through the real server at 1, 4 and 8 clients, and at 32 with 4 slots and a queue of 8, so
 * that some are turned away. To inform: what a client sees and what the machine pays, by level. No target of its own.
 */

import type { BenchRow } from '../row.js';
import { type Driven, drive, isQuick, percentile } from './rig/drive.js';
import { type PageServer, startPageServer } from './rig/pages.js';
import { PICTURE_BYTES_MIN } from './rig/rival.js';
import { startServerProcess } from './rig/server.js';
import { type Tree, watchTree } from './rig/tree.js';

const SLOTS = 4;
const QUEUE = 8;
const LEVELS = [
  { clients: 1, requests: 24 },
  { clients: 4, requests: 64 },
  { clients: 8, requests: 64 },
  { clients: 32, requests: 400 },
] as const;
/** A refused client waits so long before it tries again: one that does not is a flood, and measures the refusals. */
const REFUSED_GAP_MS = 250;
const LEVEL_MS_MAX = 60_000;
const WARM_UP = 8;

interface Level {
  readonly clients: number;
  readonly sessions: number;
  readonly refused: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly cpuMs: number;
  readonly pssMb: number;
}

export async function run(): Promise<BenchRow[]> {
  const pages = await startPageServer();
  const server = await startServerProcess({ CONCURRENT: String(SLOTS), QUEUE_LENGTH: String(QUEUE) });
  const levels: Level[] = [];
  try {
    const tree = watchTree(server.pid);
    await shoot(server.url, pages, { clients: SLOTS, requests: WARM_UP });
    for (const { clients, requests } of LEVELS) {
      const wanted = { clients, requests: isQuick() ? requests / 2 : requests };
      levels.push(await measure(tree, clients, () => shoot(server.url, pages, wanted)));
    }
  } finally {
    await server.stop();
    await pages.close();
  }
  for (const level of levels) process.stdout.write(`${describe(level)}\n`);
  return levels.flatMap(rowsOf);
}

async function shoot(
  url: string,
  pages: PageServer,
  { clients, requests }: { readonly clients: number; readonly requests: number },
): Promise<Driven> {
  return await drive({
    url,
    path: '/screenshot',
    body: JSON.stringify({ url: pages.url }),
    connections: clients,
    requests,
    refusedGapMs: REFUSED_GAP_MS,
    limitMs: LEVEL_MS_MAX,
  });
}

async function measure(tree: Tree, clients: number, load: () => Promise<Driven>): Promise<Level> {
  const beforeMs = await tree.settledCpuMs();
  const running = load();
  // While it runs, because at rest the renderers are gone.
  let pssBytes = 0;
  const timer = setInterval(() => {
    pssBytes = Math.max(pssBytes, tree.pssBytes());
  }, 1_000);
  const { asked, elapsedMs } = await running.finally(() => clearInterval(timer));
  const cpuMs = (await tree.settledCpuMs()) - beforeMs;
  const good = asked.filter(({ status, bodyBytes }) => status === 200 && bodyBytes >= PICTURE_BYTES_MIN);
  const refused = asked.filter(({ status }) => status === 429).length;
  const times = good.map(({ ms }) => ms);
  return {
    clients,
    sessions: good.length,
    refused,
    failed: asked.length - good.length - refused,
    perSecond: (good.length / elapsedMs) * 1000,
    p50Ms: percentile(times, 50),
    p95Ms: percentile(times, 95),
    p99Ms: percentile(times, 99),
    cpuMs: cpuMs / good.length,
    pssMb: pssBytes / 2 ** 20,
  };
}

function describe(level: Level): string {
  const { clients, sessions, refused, failed, perSecond, p50Ms, p95Ms, p99Ms, cpuMs, pssMb } = level;
  const wall = `p50 ${p50Ms.toFixed(0)} p95 ${p95Ms.toFixed(0)} p99 ${p99Ms.toFixed(0)} ms`;
  const cost = `${cpuMs.toFixed(0)} CPU ms, ${pssMb.toFixed(0)} MB PSS`;
  const count = `${sessions} sessions, ${refused} refused, ${failed} failed`;
  return `${clients} clients: ${perSecond.toFixed(1)}/s, ${wall}, ${cost}; ${count}`;
}

function rowsOf({ clients, p95Ms, cpuMs, failed, sessions }: Level): BenchRow[] {
  const told = { compared: null, ratio: null, target: null, isMet: null };
  return [
    { claim: `CPU ms a screenshot, ${clients} clients`, ours: cpuMs, ...told },
    { claim: `p95 ms of a screenshot, ${clients} clients`, ours: p95Ms, ...told },
    {
      claim: `sessions that failed of ${sessions + failed}, ${clients} clients`,
      ours: failed,
      compared: null,
      ratio: null,
      target: '0',
      isMet: failed === 0,
    },
  ];
}
