/**
 * How much longer than most the slow ones wait. With four clients, p95 of a screenshot's time is at most 1.5 times p50,
 * below puppeteer-cluster's, and at no more CPU than without pages made ahead. And one client that pauses 60 ms finds a
 * page ready each time.
 *
 * Contenders take turns, round after round. The ratio of a round is of its own percentiles.
 */

import { isQuick, median } from '../measure.js';
import type { BenchReport, BenchRow, DetailTable } from '../row.js';
import { type Contender, type Measured, type Name, RIVALS, startContender } from './rig/contenders.js';
import { percentile } from './rig/drive.js';
import { startPageServer } from './rig/pages.js';

const NAMES = ['ours', 'ready2', 'unready', 'single', 'single2', 'four', 'cluster'] as const satisfies readonly Name[];
const TAIL_TIMES_MAX = 1.5;
/** The noise of a few rounds. */
const CPU_TIMES_MAX = 1.03;
/** A context that was ready is there as soon as it is asked for. */
const READY_MS_MAX = 5;
/** V8 goes on compiling for some hundreds of sessions, and a server has thousands. */
const WARM_UP = isQuick() ? 12 : 200;
const ROUNDS = isQuick() ? 4 : 6;
const LOADED = { kind: 'screenshot', clients: 4, gapMs: 0, sessions: isQuick() ? 24 : 64 } as const;
const ALONE = { kind: 'content', clients: 1, gapMs: 60, sessions: isQuick() ? 12 : 24 } as const;

type Competed = ReadonlyMap<Name, readonly Measured[]>;

export async function run(): Promise<BenchReport> {
  const pages = await startPageServer();
  const contenders = new Map<Name, Contender>();
  try {
    const pageUrl = pages.urlOf('small');
    for (const name of NAMES) {
      const contender = await startContender(name);
      contenders.set(name, contender);
      await contender.measure({ ...LOADED, pageUrl, sessions: WARM_UP });
    }
    const loaded = await compete(contenders, NAMES, { ...LOADED, pageUrl });
    const alone = await compete(contenders, ['ours', 'unready', 'cluster'], { ...ALONE, pageUrl });
    return {
      rows: [...rowsOf(loaded), readyRow(alone)],
      tables: [tableOf('screenshot, 4 clients', loaded), tableOf('content, 1 client, 60 ms between', alone)],
    };
  } finally {
    for (const contender of contenders.values()) await contender.stop();
    await pages.close();
  }
}

async function compete(
  contenders: ReadonlyMap<Name, Contender>,
  names: readonly Name[],
  batch: Parameters<Contender['measure']>[0],
): Promise<Competed> {
  const all = new Map<Name, Measured[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    // Each contender is first as often as last.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const measured = await contenders.get(name)?.measure(batch);
      if (measured) all.get(name)?.push(measured);
    }
  }
  return all;
}

function rowsOf(loaded: Competed): BenchRow[] {
  const [p95, cpu] = [(one: Measured) => timeOf(one, 95), (one: Measured) => one.cpuMs];
  const rounds = tailsOf(loaded, 'ours');
  const times = median(rounds);
  const theirs = median(tailsOf(loaded, 'cluster'));
  return [
    {
      claim: 'times the p50 that the p95 of a screenshot is, 4 clients',
      ours: times,
      compared: { with: RIVALS.cluster.shownAs, value: theirs },
      ratio: theirs / times,
      target: `at most ${TAIL_TIMES_MAX}`,
      isMet: times <= TAIL_TIMES_MAX,
      rounds,
    },
    compare(loaded, { claim: 'p95 ms of a screenshot, 4 clients', rival: 'cluster', of: p95, timesMax: 1 }),
    compare(loaded, { claim: 'CPU ms a screenshot, 4 clients', rival: 'unready', of: cpu, timesMax: CPU_TIMES_MAX }),
  ];
}

function tailsOf(competed: Competed, name: Name): number[] {
  return (competed.get(name) ?? []).map((one) => timeOf(one, 95) / timeOf(one, 50));
}

interface Comparison {
  readonly claim: string;
  readonly rival: 'cluster' | 'unready';
  readonly of: (measured: Measured) => number;
  readonly timesMax: number;
}

/** The medians over the rounds, and the median of the rounds' own ratios. */
function compare(competed: Competed, { claim, rival, of, timesMax }: Comparison): BenchRow {
  const [ours, theirs] = (['ours', rival] as const).map((name) => (competed.get(name) ?? []).map(of));
  const ratios = (ours ?? []).map((value, i) => value / (theirs?.[i] ?? Number.NaN));
  const times = median(ratios);
  return {
    claim,
    ours: median(ours ?? []),
    compared: { with: RIVALS[rival].shownAs, value: median(theirs ?? []) },
    ratio: 1 / times,
    target: `at most ${timesMax} of it`,
    isMet: times <= timesMax,
    rounds: ratios,
  };
}

function readyRow(alone: Competed): BenchRow {
  const contexts = (alone.get('ours') ?? []).flatMap(({ sessions }) => sessions.map(({ parts }) => parts.context ?? 0));
  const found = (contexts.filter((ms) => ms <= READY_MS_MAX).length / contexts.length) * 100;
  return {
    claim: '% of the sessions of one client, 60 ms between, that found a page ready',
    ours: found,
    compared: null,
    ratio: null,
    target: '100',
    isMet: found === 100,
    isCount: true,
  };
}

function timeOf({ sessions }: Measured, percent: number): number {
  return percentile(
    sessions.map(({ productMs }) => productMs),
    percent,
  );
}

function tableOf(what: string, competed: Competed): DetailTable {
  return {
    title: `Tail, ${what}: ms up to the answer, over all rounds`,
    columns: ['who', 'p50', 'p75', 'p95', 'p99', 'p95 / p50', 'context p50', 'context p95', 'CPU ms', 'errors'],
    rows: [...competed].map(([name, rounds]) => {
      const sessions = rounds.flatMap((round) => round.sessions);
      const times = sessions.map(({ productMs }) => productMs);
      const contexts = sessions.flatMap(({ parts }) => parts.context ?? []);
      return [
        name === 'ours' ? 'headcount' : RIVALS[name].shownAs,
        ...[50, 75, 95, 99].map((percent) => percentile(times, percent)),
        percentile(times, 95) / percentile(times, 50),
        // Not all contenders tell.
        ...[50, 95].map((percent) => (contexts.length === 0 ? '' : percentile(contexts, percent))),
        median(rounds.map(({ cpuMs }) => cpuMs)),
        rounds.reduce((sum, { errors }) => sum + errors, 0),
      ];
    }),
  };
}
