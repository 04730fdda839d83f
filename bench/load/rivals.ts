/**
 * A screenshot of a 2 KB page in a fresh context, held against the same binary driven by bare CDP and by
 * playwright-core: saturated, at most 1.10 times bare CDP's CPU; alone with 60 ms between requests, at most half of
 * its time, and back to back at most 0.90 of it. Contenders take turns, round after round.
 *
 * Ours is measured through HTTP, with everything counted and logged as usual; theirs without.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { discoverChromium } from '../../src/browsers/discover.js';
import { shardFlags } from '../../src/browsers/flags.js';
import { median } from '../measure.js';
import type { BenchRow } from '../row.js';
import { drive, isQuick } from './rig/drive.js';
import { startPageServer } from './rig/pages.js';
import { type Batch, PICTURE_BYTES_MIN, type Rival, type RivalSetup, type Shot, startRival } from './rig/rival.js';
import { startServerProcess } from './rig/server.js';
import { type Tree, watchTree } from './rig/tree.js';

const BATCH_MS_MAX = 60_000;
const WARM_UP: Batch = { shots: 8, concurrency: 4, gapMs: 0 };
const SITUATIONS = {
  saturated: { rounds: 5, batch: { shots: 24, concurrency: 4, gapMs: 0 } },
  paced: { rounds: 3, batch: { shots: 12, concurrency: 1, gapMs: 60 } },
  backToBack: { rounds: 3, batch: { shots: 12, concurrency: 1, gapMs: 0 } },
} as const satisfies Record<string, { rounds: number; batch: Batch }>;
type Situation = keyof typeof SITUATIONS;

const NAMES = ['ours', 'cdp', 'playwright'] as const;
type Name = (typeof NAMES)[number];

/** At most so many times bare CDP's. */
const CPU_SATURATED_MAX = 1.1;
const TIME_PACED_MAX = 0.5;
const TIME_BACK_TO_BACK_MAX = 0.9;

interface Contender extends Rival {
  readonly tree: Tree;
}

interface Measured {
  readonly cpuMs: number;
  /** Of a whole cycle; of ours, of the answer: what follows it keeps nobody waiting. */
  readonly p50Ms: number;
  readonly pictureP50Ms: number;
}

type Round = Record<Name, Measured>;

export async function run(): Promise<BenchRow[]> {
  const pages = await startPageServer();
  const contenders: Partial<Record<Name, Contender>> = {};
  try {
    const setup = await rivalSetup(pages.url);
    const starts = {
      ours: () => startOurs(pages.url),
      cdp: () => startRival('bare-cdp.js', setup),
      playwright: () => startRival('bare-playwright.js', setup),
    };
    for (const name of NAMES) {
      const rival = await starts[name]();
      contenders[name] = { ...rival, tree: watchTree(rival.pid) };
      await rival.run(WARM_UP, BATCH_MS_MAX);
    }
    const { ours, cdp, playwright } = contenders;
    if (!ours || !cdp || !playwright) throw new Error('a contender is missing');
    return await compare({ ours, cdp, playwright });
  } finally {
    for (const name of NAMES) await contenders[name]?.stop();
    await pages.close();
  }
}

/** The same binary that the server finds by itself, with the server's flags. */
async function rivalSetup(pageUrl: string): Promise<RivalSetup> {
  const { path, env } = await discoverChromium({
    homeDir: homedir(),
    cacheDir: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headcount'),
    playwrightBrowsersPath: process.env['PLAYWRIGHT_BROWSERS_PATH'],
    progress: () => {},
    setting: undefined,
  });
  const flags = shardFlags({ profileDir: '', isSandboxed: process.getuid?.() !== 0 });
  return { chromiumPath: path, chromiumEnv: env, flags: flags.filter((flag) => !flag.includes('-dir=')), pageUrl };
}

async function startOurs(pageUrl: string): Promise<Rival> {
  const { url, pid, stop } = await startServerProcess();
  const body = JSON.stringify({ url: pageUrl });
  return {
    pid,
    stop,
    async run({ shots, concurrency, gapMs }, limitMs): Promise<Shot[]> {
      const load = { url, path: '/screenshot', body, connections: concurrency, requests: shots, gapMs, limitMs };
      const { asked } = await drive(load);
      const bad = asked.find(({ status, bodyBytes }) => status !== 200 || bodyBytes < PICTURE_BYTES_MIN);
      if (bad) throw new Error(`a screenshot was answered ${bad.status} with ${bad.bodyBytes} bytes`);
      return asked.map(({ ms }) => ({ pictureMs: ms, cycleMs: ms }));
    },
  };
}

async function compare(contenders: Readonly<Record<Name, Contender>>): Promise<BenchRow[]> {
  const measured = async (situation: Situation): Promise<Round[]> => {
    const { rounds, batch } = SITUATIONS[situation];
    const wanted = isQuick() ? Math.ceil(rounds / 2) : rounds;
    const all: Round[] = [];
    for (let round = 0; round < wanted; round++) {
      all.push({
        ours: await measure(contenders.ours, batch),
        cdp: await measure(contenders.cdp, batch),
        playwright: await measure(contenders.playwright, batch),
      });
    }
    return all;
  };
  const saturated = await measured('saturated');
  const paced = await measured('paced');
  const backToBack = await measured('backToBack');
  return [
    row('CPU ms a screenshot, 4 at once', saturated, 'cdp', 'cpuMs', CPU_SATURATED_MAX),
    row('CPU ms a screenshot, 4 at once', saturated, 'playwright', 'cpuMs', null),
    row('p50 ms alone, 60 ms between', paced, 'cdp', 'p50Ms', TIME_PACED_MAX),
    row('p50 ms alone, 60 ms between', paced, 'playwright', 'p50Ms', null),
    row('p50 ms alone, 60 ms between, to the picture', paced, 'cdp', 'pictureP50Ms', null),
    row('CPU ms alone, 60 ms between', paced, 'cdp', 'cpuMs', null),
    row('p50 ms alone, back to back', backToBack, 'cdp', 'p50Ms', TIME_BACK_TO_BACK_MAX),
    row('p50 ms alone, back to back', backToBack, 'playwright', 'p50Ms', null),
  ];
}

async function measure({ tree, run: shoot }: Contender, batch: Batch): Promise<Measured> {
  const beforeMs = await tree.settledCpuMs();
  const shots = await shoot(batch, BATCH_MS_MAX);
  const cpuMs = (await tree.settledCpuMs()) - beforeMs;
  return {
    cpuMs: cpuMs / shots.length,
    p50Ms: median(shots.map((shot) => shot.cycleMs)),
    pictureP50Ms: median(shots.map((shot) => shot.pictureMs)),
  };
}

const RIVALS = { cdp: 'bare CDP', playwright: 'playwright-core' } as const;

/** The medians over the rounds, and the median of the rounds' own ratios. */
function row(
  claim: string,
  rounds: readonly Round[],
  rival: 'cdp' | 'playwright',
  figure: keyof Measured,
  maxTimes: number | null,
): BenchRow {
  const times = median(rounds.map((round) => round.ours[figure] / round[rival][figure]));
  return {
    claim,
    ours: median(rounds.map((round) => round.ours[figure])),
    compared: { with: RIVALS[rival], value: median(rounds.map((round) => round[rival][figure])) },
    ratio: 1 / times,
    target: maxTimes === null ? null : `>= ${(1 / maxTimes).toFixed(2)} ×: at most ${maxTimes} of it`,
    isMet: maxTimes === null ? null : times <= maxTimes,
  };
}
