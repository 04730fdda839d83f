/**
 * What it costs a session that all it loads goes through the egress thread: bare CDP with an exit for each context,
 * against bare CDP without, in interleaved rounds. At most 3 % of its CPU with a page of 300 KB.
 */

import { isQuick, median } from '../measure.js';
import type { BenchReport, BenchRow } from '../row.js';
import { type Contender, type Measured, startContender } from './rig/contenders.js';
import { PAGES, type PageName, startPageServer } from './rig/pages.js';

const NAMES = ['cdp', 'exits'] as const;
const BATCH = { kind: 'screenshot', clients: 4, gapMs: 0 } as const;
const ROUNDS = isQuick() ? 4 : 8;
const SESSIONS = isQuick() ? 16 : 24;
const TIMES_MAX = 1.03;
/** As a server that has been there for a minute: new code is slow for some hundred connections. */
const WARM_UP = 80;

export async function run(): Promise<BenchReport> {
  const pages = await startPageServer();
  const contenders: Contender[] = [];
  try {
    for (const name of NAMES) {
      const contender = await startContender(name);
      contenders.push(contender);
      await contender.measure({ ...BATCH, pageUrl: pages.urlOf('large'), sessions: WARM_UP });
    }
    const rows: BenchRow[] = [];
    for (const page of PAGES) rows.push(await compare(page, contenders, pages.urlOf(page)));
    return { rows, tables: [] };
  } finally {
    for (const contender of contenders) await contender.stop();
    await pages.close();
  }
}

async function compare(page: PageName, contenders: readonly Contender[], pageUrl: string): Promise<BenchRow> {
  const rounds: Measured[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const measured: Measured[] = [];
    // Each is first as often as the other: what comes second finds the machine warmer.
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const at of order) {
      const contender = contenders[at];
      if (contender) measured[at] = await contender.measure({ ...BATCH, pageUrl, sessions: SESSIONS });
    }
    rounds.push(measured);
  }
  const cpuMs = (at: number): number[] => rounds.map((measured) => measured[at]?.cpuMs ?? Number.NaN);
  const [without, through] = [cpuMs(0), cpuMs(1)];
  const times = median(through.map((ms, i) => ms / (without[i] ?? Number.NaN)));
  const isJudged = page === 'large';
  return {
    claim: `egress, screenshot of ${page === 'large' ? '300 KB' : '2 KB'}, 4 clients: CPU ms a session`,
    ours: median(through),
    compared: { with: 'without', value: median(without) },
    ratio: 1 / times,
    target: isJudged ? `>= ${(1 / TIMES_MAX).toFixed(2)} ×: at most ${TIMES_MAX} of it` : null,
    isMet: isJudged ? times <= TIMES_MAX : null,
  };
}
