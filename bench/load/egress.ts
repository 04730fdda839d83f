/**
 * What it costs a session that all it loads goes through the egress thread: bare CDP with an exit for each context,
 * against bare CDP without, in interleaved rounds. At most 3 % of its CPU with a page of 300 KB. Compared is what
 * carries bytes: the program with its threads, the browser's process, and its network process.
 */

import { isQuick, median } from '../measure.js';
import type { BenchReport, BenchRow } from '../row.js';
import { type Contender, type Measured, startContender } from './rig/contenders.js';
import { PAGES, type PageName, startPageServer } from './rig/pages.js';

const NAMES = ['cdp', 'exits'] as const;
const BATCH = { kind: 'screenshot', clients: 4, gapMs: 0 } as const;
const ROUNDS = isQuick() ? 3 : 5;
const SESSIONS = isQuick() ? 32 : 48;
const TIMES_MAX = 1.03;
/** As a server that has run for some minutes: new code is slow for some thousand connections. */
const WARM_UP = 160;
/** Each batch must end within its limit on a busy machine. */
const WARM_UP_BATCHES = 4;

export async function run(): Promise<BenchReport> {
  const pages = await startPageServer();
  const contenders: Contender[] = [];
  try {
    for (const name of NAMES) {
      const contender = await startContender(name);
      contenders.push(contender);
      const warmUp = { ...BATCH, pageUrl: pages.urlOf('large'), sessions: WARM_UP / WARM_UP_BATCHES };
      for (let batch = 0; batch < WARM_UP_BATCHES; batch++) await contender.measure(warmUp);
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
    // Each is first as often as the other, because the second finds the machine warmer.
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const at of order) {
      const contender = contenders[at];
      if (contender) measured[at] = await contender.measure({ ...BATCH, pageUrl, sessions: SESSIONS });
    }
    rounds.push(measured);
  }
  // Renderers are not affected, and their use varies by more than what is measured.
  const lastingMs = ({ lastingCpuMs: { program, browser, utility } }: Measured): number => program + browser + utility;
  const of = (at: number, each: (measured: Measured) => number): number[] =>
    rounds.map((measured) => (measured[at] ? each(measured[at]) : Number.NaN));
  const [without, through] = [0, 1].map((at) => of(at, lastingMs));
  const wholeMs = median(of(0, ({ cpuMs }) => cpuMs));
  const costs = (through ?? []).map((ms, i) => (ms - (without?.[i] ?? Number.NaN)) / wholeMs);
  const cost = median(costs);
  const times = 1 + cost;
  const isJudged = page === 'large';
  return {
    claim: `egress, screenshot of ${page === 'large' ? '300 KB' : '2 KB'}, 4 clients: CPU ms a session`,
    ours: wholeMs * times,
    compared: { with: 'without', value: wholeMs },
    ratio: 1 / times,
    target: isJudged ? `>= ${(1 / TIMES_MAX).toFixed(2)} ×: at most ${TIMES_MAX} of it` : null,
    isMet: isJudged ? times <= TIMES_MAX : null,
    cost,
    rounds: costs.map((each) => 1 + each),
  };
}
