/**
 * Sessions of Puppeteer clients over WebSocket: connect, page, load, screenshot, close, four at once. Held against the
 * same clients that go straight to one bare Chromium, each in a context of its own: at most 1.15 times the CPU; and
 * against a browser of each client's own, launched for it or ahead: at most 0.45. Main's thread beside 50 clients that
 * are never idle: below 5 % of a core. And a client's message of 40 MB holds up another's answer by less than 100 ms.
 *
 * What is compared is the server's CPU: Chromium's, and of the program what does not stand for the client. A context
 * over a pipe that is asked for nothing else has a line as well; Puppeteer itself asks for three times as much.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import puppeteer, { type Page } from 'puppeteer';
import { isQuick, median } from '../measure.js';
import { type BenchReport, type BenchRow, told } from '../row.js';
import { type Contender, type Measured, RIVALS, type RivalName, startContender } from './rig/contenders.js';
import { type PageServer, startPageServer } from './rig/pages.js';
import { startServerProcess } from './rig/server.js';
import { watchTree } from './rig/tree.js';

const NAMES = ['clients', 'shared', 'cdp', 'own', 'ahead'] as const satisfies readonly RivalName[];
type Name = (typeof NAMES)[number];
type Round = Readonly<Partial<Record<Name, number>>>;
const IN_PROGRAM: readonly Name[] = ['own', 'ahead'];

const BATCH = { kind: 'screenshot', clients: 4, gapMs: 0 } as const;
const ROUNDS = isQuick() ? 3 : 6;
const SESSIONS = isQuick() ? 16 : 24;
/** V8 goes on compiling for some hundreds of sessions, and a server has thousands. */
const WARM_UP = 200;

const BUSY_CLIENTS = 50;
const BUSY_MS = isQuick() ? 5_000 : 10_000;
const LOOP_SHARE_MAX = 0.05;

/** The first is more than is taken, the second nearly as much as is. */
const LARGE_MB = [40, 7.5];
const DELAY_MS_MAX = 100;

export async function run(): Promise<BenchReport> {
  const pages = await startPageServer();
  try {
    const rows = [...(await compareSessions(pages)), ...(await mainUnderClients(pages)), ...(await besideLarge())];
    return { rows, tables: [] };
  } finally {
    await pages.close();
  }
}

async function compareSessions(pages: PageServer): Promise<BenchRow[]> {
  const contenders = new Map<Name, Contender>();
  const batch = { ...BATCH, pageUrl: pages.urlOf('small') };
  try {
    for (const name of NAMES) {
      const contender = await startContender(name);
      contenders.set(name, contender);
      await contender.measure({ ...batch, sessions: IN_PROGRAM.includes(name) ? SESSIONS : WARM_UP });
    }
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const cpuMs: Partial<Record<Name, number>> = {};
      // Each contender is first as often as last.
      for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
        const measured = await contenders.get(name)?.measure({ ...batch, sessions: SESSIONS });
        if (measured) cpuMs[name] = serversMs(name, measured);
      }
      rounds.push(cpuMs);
    }
    const isWhole = [...contenders.values()].every(({ tree }) => tree.isWhole);
    return [
      against('shared', rounds, 1.15),
      against('own', rounds, isWhole ? 0.45 : null),
      against('ahead', rounds, isWhole ? 0.45 : null),
      against('cdp', rounds, null),
    ];
  } finally {
    for (const contender of contenders.values()) await contender.stop();
  }
}

/** Where the program is the client it is left out, because nobody would bill a server for it. */
function serversMs(name: Name, { cpuMs, lastingCpuMs }: Measured): number {
  return IN_PROGRAM.includes(name) ? cpuMs - lastingCpuMs.program : cpuMs;
}

/** Without `max` the line only informs: of browsers that ended, some CPU is unknown where no cgroup can be made. */
function against(name: Name, rounds: readonly Round[], max: number | null): BenchRow {
  const of = (whose: Name): number[] => rounds.map((cpuMs) => cpuMs[whose] ?? Number.NaN);
  const theirs = of(name);
  const ratios = of('clients').map((ms, i) => ms / (theirs[i] ?? Number.NaN));
  const times = median(ratios);
  return {
    claim: 'Puppeteer over WebSocket, screenshot of 2 KB, 4 clients: CPU ms a session',
    ours: median(of('clients')),
    compared: { with: RIVALS[name].shownAs, value: median(theirs) },
    ratio: 1 / times,
    target: max === null ? null : `>= ${(1 / max).toFixed(2)} ×: at most ${max} of it`,
    isMet: max === null ? null : times <= max,
    rounds: ratios,
  };
}

/** CPU of main's own thread, while clients ask for as much as they are given. */
async function mainUnderClients(pages: PageServer): Promise<BenchRow[]> {
  const { url, pid, stop } = await startServerProcess({
    CONCURRENT: String(BUSY_CLIENTS),
    QUEUE_LENGTH: '64',
    TIMEOUT: '-1',
  });
  const tree = watchTree(pid);
  const browserWSEndpoint = url.replace('http', 'ws');
  const browsers = await Promise.all(
    Array.from({ length: BUSY_CLIENTS }, () => puppeteer.connect({ browserWSEndpoint, protocolTimeout: 120_000 })),
  );
  /** Core-seconds a second, and what was done a second. */
  const keepBusy = async (open: readonly Page[], act: (page: Page) => Promise<unknown>) => {
    const startMs = performance.now();
    const cpuBefore = tree.threadCpuMs(pid);
    let acts = 0;
    const client = async (page: Page): Promise<void> => {
      for (; performance.now() < startMs + BUSY_MS; acts++) await act(page);
    };
    await Promise.all(open.map(client));
    const elapsedMs = performance.now() - startMs;
    return {
      share: (tree.threadCpuMs(pid) - cpuBefore) / elapsedMs,
      perSecond: Math.round((acts / elapsedMs) * 1_000),
    };
  };
  try {
    const open = await Promise.all(browsers.map((browser) => browser.newPage()));
    for (const page of open) page.setDefaultTimeout(120_000);
    const pageUrl = pages.urlOf('small');
    await Promise.all(open.map((page) => page.goto(pageUrl)));
    const loading = await keepBusy(open, async (page) => {
      await page.goto(pageUrl);
      await page.content();
    });
    const asking = await keepBusy(open, (page) => page.evaluate('document.body.innerText.length'));
    const claim = (what: string): string =>
      `main's thread beside ${BUSY_CLIENTS} busy clients, ${what}: CPU s a second`;
    return [
      {
        ...told(claim(`${loading.perSecond} pages loaded and read a second`), loading.share),
        target: `< ${LOOP_SHARE_MAX}`,
        isMet: loading.share < LOOP_SHARE_MAX,
      },
      told(claim(`${asking.perSecond} answers of one number a second`), asking.share),
    ];
  } finally {
    await Promise.all(browsers.map((browser) => browser.disconnect()));
    await stop();
  }
}

/** How long the answer to one client takes at most, while another of the same browser sends one large message. */
async function besideLarge(): Promise<BenchRow[]> {
  const { url, stop } = await startServerProcess({ WORKERS: '1' });
  const browserWSEndpoint = url.replace('http', 'ws');
  try {
    const other = await puppeteer.connect({ browserWSEndpoint });
    const page = await other.newPage();
    const rows: BenchRow[] = [];
    for (const megabytes of LARGE_MB) {
      const delays: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        delays.push(await slowestBeside(page, browserWSEndpoint, megabytes));
      }
      rows.push(told(`ms that another's answer takes at most beside a message of ${megabytes} MB`, median(delays)));
    }
    await other.close();
    const [largest] = rows;
    return rows.map((row) =>
      row === largest ? { ...row, target: `< ${DELAY_MS_MAX}`, isMet: row.ours < DELAY_MS_MAX } : row,
    );
  } finally {
    await stop();
  }
}

/** The slowest answer, ms, from the moment that the other sends until it has its own. */
async function slowestBeside(page: Page, browserWSEndpoint: string, megabytes: number): Promise<number> {
  const file = fileURLToPath(new URL('./rig/large-client.js', import.meta.url));
  const other = fork(file, [browserWSEndpoint, String(megabytes)]);
  const exited = once(other, 'exit');
  let isOver = false;
  exited.then(() => {
    isOver = true;
  });
  await once(other, 'message');
  let slowestMs = 0;
  other.send('go');
  while (!isOver) {
    const startMs = performance.now();
    await page.evaluate('1 + 1');
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
  }
  return slowestMs;
}
