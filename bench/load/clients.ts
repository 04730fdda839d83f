/**
 * Sessions of Puppeteer clients over WebSocket: connect, page, load, screenshot, close, four at once. Compared with a
 * browser of each client's own, launched for it or ahead, and with a bare context over a pipe. At most 1.15 times the
 * context's CPU, and 0.45 of a browser's. And main's loop with 50 clients that are never idle: below 5 %.
 *
 * The server's CPU is compared: Chromium's, and of the program all that does not stand for the client.
 */

import puppeteer from 'puppeteer';
import { isQuick, median } from '../measure.js';
import type { BenchReport, BenchRow } from '../row.js';
import { type Contender, type Measured, type RivalName, startContender } from './rig/contenders.js';
import { type PageServer, startPageServer } from './rig/pages.js';
import { startServerProcess } from './rig/server.js';
import { watchTree } from './rig/tree.js';

const NAMES = ['clients', 'cdp', 'own', 'ahead'] as const satisfies readonly RivalName[];
type Name = (typeof NAMES)[number];

const BATCH = { kind: 'screenshot', clients: 4, gapMs: 0 } as const;
const ROUNDS = isQuick() ? 3 : 6;
const SESSIONS = isQuick() ? 16 : 32;
const WARM_UP = 40;

const BUSY_CLIENTS = 50;
const BUSY_MS = isQuick() ? 5_000 : 15_000;
const LOOP_SHARE_MAX = 0.05;

export async function run(): Promise<BenchReport> {
  const pages = await startPageServer();
  try {
    return { rows: [...(await compareSessions(pages)), await mainUnderClients(pages)], tables: [] };
  } finally {
    await pages.close();
  }
}

async function compareSessions(pages: PageServer): Promise<BenchRow[]> {
  const contenders: Partial<Record<Name, Contender>> = {};
  const batch = { ...BATCH, pageUrl: pages.urlOf('small') };
  try {
    for (const name of NAMES) {
      contenders[name] = await startContender(name);
      await contenders[name].measure({ ...batch, sessions: name === 'own' || name === 'ahead' ? SESSIONS : WARM_UP });
    }
    const rounds: Partial<Record<Name, number>>[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const cpuMs: Partial<Record<Name, number>> = {};
      // Each contender is first as often as last.
      for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
        const measured = await contenders[name]?.measure({ ...batch, sessions: SESSIONS });
        if (measured) cpuMs[name] = serversMs(name, measured);
      }
      rounds.push(cpuMs);
    }
    return [
      against('cdp', 'a bare context', rounds, 1.15),
      against('own', 'a browser launched for each', rounds, 0.45),
      against('ahead', 'a browser launched ahead', rounds, 0.45),
    ];
  } finally {
    for (const contender of Object.values(contenders)) await contender.stop();
  }
}

/** Where the program is the client it is left out, because nobody would bill a server for it. */
function serversMs(name: Name, { cpuMs, lastingCpuMs }: Measured): number {
  return name === 'own' || name === 'ahead' ? cpuMs - lastingCpuMs.program : cpuMs;
}

function against(name: Name, shownAs: string, rounds: readonly Partial<Record<Name, number>>[], max: number): BenchRow {
  const of = (whose: Name): number[] => rounds.map((cpuMs) => cpuMs[whose] ?? Number.NaN);
  const theirs = of(name);
  const times = median(of('clients').map((ms, i) => ms / (theirs[i] ?? Number.NaN)));
  return {
    claim: 'Puppeteer over WebSocket, screenshot of 2 KB, 4 clients: CPU ms a session',
    ours: median(of('clients')),
    compared: { with: shownAs, value: median(theirs) },
    ratio: 1 / times,
    target: `>= ${(1 / max).toFixed(2)} ×: at most ${max} of it`,
    isMet: times <= max,
  };
}

/** CPU of main's own thread, while clients ask for as much as they get. */
async function mainUnderClients(pages: PageServer): Promise<BenchRow> {
  const { url, pid, stop } = await startServerProcess({ CONCURRENT: String(BUSY_CLIENTS), QUEUE_LENGTH: '64' });
  const tree = watchTree(pid);
  const browserWSEndpoint = url.replace('http', 'ws');
  const browsers = await Promise.all(
    Array.from({ length: BUSY_CLIENTS }, () => puppeteer.connect({ browserWSEndpoint, protocolTimeout: 60_000 })),
  );
  try {
    const open = await Promise.all(browsers.map((browser) => browser.newPage()));
    await Promise.all(open.map((page) => page.goto(pages.urlOf('small'))));
    const startMs = performance.now();
    const cpuBefore = tree.threadCpuMs(pid);
    let answers = 0;
    const endMs = startMs + BUSY_MS;
    await Promise.all(
      open.map(async (page) => {
        for (; performance.now() < endMs; answers++) await page.evaluate('document.body.innerText.length');
      }),
    );
    const share = (tree.threadCpuMs(pid) - cpuBefore) / (performance.now() - startMs);
    const answersASecond = Math.round((answers / BUSY_MS) * 1_000);
    return {
      claim: `main's thread beside ${BUSY_CLIENTS} busy clients, ${answersASecond} answers a second: CPU s a second`,
      ours: share,
      compared: null,
      ratio: null,
      target: `< ${LOOP_SHARE_MAX}`,
      isMet: share < LOOP_SHARE_MAX,
    };
  } finally {
    await Promise.all(browsers.map((browser) => browser.disconnect()));
    await stop();
  }
}
