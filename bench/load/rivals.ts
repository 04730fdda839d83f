/**
 * Sessions in a fresh context, compared with the same binary driven by bare CDP, by playwright-core, by
 * puppeteer-cluster, and launched for each. Saturated with screenshots of a 2 KB page, at most 1.10 times bare CDP's
 * CPU. Alone with 60 ms between requests, at most half of its time; back to back, at most 0.90 of it.
 *
 * Contenders take turns, round after round. `--full` compares every kind, page and number of clients.
 */

import { isFull, isQuick, median } from '../measure.js';
import type { BenchReport, BenchRow, DetailTable } from '../row.js';
import { type Contender, type Measured, type Name, RIVALS, type RivalName, startContender } from './rig/contenders.js';
import { percentile } from './rig/drive.js';
import { PAGES, type PageName, type PageServer, startPageServer } from './rig/pages.js';
import { KINDS, type Kind, PARTS } from './rig/rival.js';
import { LASTING, sumOf } from './rig/tree.js';

interface Situation {
  readonly kind: Kind;
  readonly page: PageName;
  readonly clients: number;
  readonly gapMs: number;
  /** In each round. */
  readonly sessions: number;
  readonly rounds: number;
  readonly rivals: readonly RivalName[];
  readonly target?: { readonly figure: Figure; readonly maxTimes: number };
}

type Figure = 'cpuMs' | 'p50Ms';
type Round = Partial<Record<Name, Measured>>;

const ALL: readonly RivalName[] = isQuick() ? ['cdp', 'playwright'] : ['cdp', 'playwright', 'cluster', 'launching'];
const NAMES: readonly Name[] = ['ours', ...ALL, 'single'];
/** The share of a round's sessions for the contender that takes several times as long; and for all in a quick look. */
const LESS = 0.5;
const WARM_UP = { kind: 'screenshot', sessions: 8, clients: 4, gapMs: 0 } as const;

const shot = { kind: 'screenshot', page: 'small', gapMs: 0 } as const;
const atFour = { clients: 4, gapMs: 0, sessions: 24, rounds: 2, rivals: ['cdp'] } as const;
const SITUATIONS: readonly Situation[] = [
  { ...shot, ...atFour, rounds: 5, rivals: [...ALL, 'single'], target: { figure: 'cpuMs', maxTimes: 1.1 } },
  {
    ...shot,
    clients: 1,
    gapMs: 60,
    sessions: 12,
    rounds: 3,
    rivals: ['cdp', 'playwright'],
    target: { figure: 'p50Ms', maxTimes: 0.5 },
  },
  { ...shot, clients: 1, sessions: 12, rounds: 3, rivals: ALL, target: { figure: 'p50Ms', maxTimes: 0.9 } },
  { ...shot, clients: 8, sessions: 32, rounds: 2, rivals: ['cdp'] },
  { ...shot, clients: 32, sessions: 48, rounds: 2, rivals: ALL },
  { ...atFour, kind: 'pdf', page: 'small' },
  { ...atFour, kind: 'content', page: 'small' },
  { ...atFour, kind: 'screenshot', page: 'large' },
];

function wanted(): readonly Situation[] {
  if (isQuick()) return SITUATIONS.filter(({ target }) => target);
  return isFull() ? [...SITUATIONS, ...matrix()] : SITUATIONS;
}

/** What the situations above leave out. */
function matrix(): Situation[] {
  const sizes = [
    { clients: 1, sessions: 12 },
    { clients: 4, sessions: 24 },
    { clients: 8, sessions: 32 },
    { clients: 32, sessions: 64 },
  ];
  return KINDS.flatMap((kind) =>
    PAGES.flatMap((page) => sizes.map((size) => ({ kind, page, ...size, gapMs: 0, rounds: 3, rivals: ALL }))),
  ).filter(({ kind, page }) => kind !== 'screenshot' || page !== 'small');
}

export async function run(): Promise<BenchReport> {
  const pages = await startPageServer();
  const contenders = new Map<Name, Contender>();
  try {
    for (const name of NAMES) {
      const contender = await startContender(name);
      contenders.set(name, contender);
      await contender.measure({ ...WARM_UP, pageUrl: pages.urlOf('small') });
    }
    const rows: BenchRow[] = [];
    const details: (string | number)[][] = [];
    const parts: (string | number)[][] = [];
    const processes: (string | number)[][] = [];
    let failures = 0;
    for (const situation of wanted()) {
      const rounds = await compete(situation, contenders, pages);
      rows.push(...rowsOf(situation, rounds));
      details.push(...detailsOf(situation, rounds));
      parts.push(...partsOf(situation, rounds));
      processes.push(...processesOf(situation, rounds));
      failures += rounds.reduce((sum, { ours }) => sum + (ours?.errors ?? 0), 0);
    }
    const tables = [
      { ...DETAILS, rows: details },
      { ...OF_PARTS, rows: parts },
      { ...OF_PROCESSES, rows: processes },
    ];
    return { rows: [...rows, failuresRow(failures)], tables };
  } finally {
    for (const contender of contenders.values()) await contender.stop();
    await pages.close();
  }
}

async function compete(
  { kind, page, clients, gapMs, sessions, rounds, rivals }: Situation,
  contenders: ReadonlyMap<Name, Contender>,
  pages: PageServer,
): Promise<Round[]> {
  const all: Round[] = [];
  for (let number = 0; number < (isQuick() ? 1 : rounds); number++) {
    const round: Round = {};
    for (const name of ['ours', ...rivals] as const) {
      const share = name === 'launching' || isQuick() ? LESS : 1;
      const batch = { kind, pageUrl: pages.urlOf(page), sessions: Math.ceil(sessions * share), clients, gapMs };
      const measured = await contenders.get(name)?.measure(batch);
      if (measured) round[name] = measured;
    }
    all.push(round);
  }
  return all;
}

function failuresRow(failures: number): BenchRow {
  const common = { compared: null, ratio: null, target: '0', isCount: true };
  return { claim: 'sessions that failed, in all of these', ours: failures, ...common, isMet: failures === 0 };
}

function titleOf({ kind, page, clients, gapMs }: Situation): string {
  const size = page === 'small' ? '' : ' of 300 KB';
  const pause = gapMs > 0 ? `, ${gapMs} ms between` : clients === 1 ? ', back to back' : '';
  return `${kind}${size}, ${clients} client${clients > 1 ? 's' : ''}${pause}`;
}

function rowsOf(situation: Situation, rounds: readonly Round[]): BenchRow[] {
  const { rivals, target, clients } = situation;
  const figures: readonly Figure[] = clients === 1 ? ['p50Ms', 'cpuMs'] : ['cpuMs'];
  return figures.flatMap((figure) =>
    rivals.map((rival) => {
      const maxTimes = rival === 'cdp' && target?.figure === figure ? target.maxTimes : null;
      return compare(situation, rounds, { rival, figure, maxTimes });
    }),
  );
}

/** The medians over the rounds, and the median of the rounds' own ratios. */
function compare(
  situation: Situation,
  rounds: readonly Round[],
  { rival, figure, maxTimes }: { rival: RivalName; figure: Figure; maxTimes: number | null },
): BenchRow {
  const of = (name: Name): number[] => rounds.map((round) => figureOf(round[name], figure));
  const theirs = of(rival);
  const ratios = of('ours').map((value, i) => value / (theirs[i] ?? Number.NaN));
  const times = median(ratios);
  return {
    claim: `${titleOf(situation)}: ${figure === 'cpuMs' ? 'CPU ms a session' : 'p50 ms'}`,
    ours: median(of('ours')),
    compared: { with: RIVALS[rival].shownAs, value: median(theirs) },
    ratio: 1 / times,
    target: maxTimes === null ? null : `>= ${(1 / maxTimes).toFixed(2)} ×: at most ${maxTimes} of it`,
    isMet: maxTimes === null ? null : times <= maxTimes,
    rounds: ratios,
  };
}

function figureOf(measured: Measured | undefined, figure: Figure): number {
  if (!measured) return Number.NaN;
  return figure === 'cpuMs' ? measured.cpuMs : median(measured.sessions.map(({ cycleMs }) => cycleMs));
}

const DETAILS: DetailTable = {
  title: 'Sessions: percentiles over all rounds, CPU and memory of whole process trees',
  columns: ['sessions', 'who', 'a second', 'p50 ms', 'p95 ms', 'p99 ms', 'to product', 'CPU ms', 'PSS MB', 'errors'],
  rows: [],
};

function detailsOf(situation: Situation, rounds: readonly Round[]): (string | number)[][] {
  return (['ours', ...situation.rivals] as const).map((name) => {
    const measured = rounds.flatMap((round) => round[name] ?? []);
    const times = measured.flatMap(({ sessions }) => sessions.map(({ cycleMs }) => cycleMs));
    const productTimes = measured.flatMap(({ sessions }) => sessions.map(({ productMs }) => productMs));
    return [
      titleOf(situation),
      name === 'ours' ? 'headcount' : RIVALS[name].shownAs,
      median(measured.map(({ sessions, elapsedMs }) => (sessions.length / elapsedMs) * 1000)),
      ...[50, 95, 99].map((percent) => percentile(times, percent)),
      percentile(productTimes, 50),
      median(measured.map(({ cpuMs }) => cpuMs)),
      Math.max(...measured.map(({ memory }) => sumOf(memory))) / 2 ** 20,
      measured.reduce((sum, { errors }) => sum + errors, 0),
    ];
  });
}

const OF_PARTS: DetailTable = {
  title: 'Sessions: the parts of their time, p50 ms',
  columns: ['sessions', 'who', ...PARTS, 'the rest'],
  rows: [],
};

/** For contenders that tell them. The rest is HTTP, the wait for a slot, the way to a worker and back. */
function partsOf(situation: Situation, rounds: readonly Round[]): (string | number)[][] {
  return (['ours', 'cdp'] as const).map((name) => {
    const sessions = rounds.flatMap((round) => round[name]?.sessions ?? []);
    const rests = sessions.map(({ cycleMs, parts }) => PARTS.reduce((ms, part) => ms - (parts[part] ?? 0), cycleMs));
    const times = PARTS.map((part) => {
      const known = sessions.flatMap(({ parts }) => parts[part] ?? []);
      return known.length === 0 ? '' : median(known);
    });
    return [titleOf(situation), name === 'ours' ? 'headcount' : RIVALS[name].shownAs, ...times, median(rests)];
  });
}

const OF_PROCESSES: DetailTable = {
  title: 'Sessions: CPU ms each, by process',
  columns: ['sessions', 'who', ...LASTING, 'renderers', 'all'],
  rows: [],
};

function processesOf(situation: Situation, rounds: readonly Round[]): (string | number)[][] {
  return (['ours', 'single', 'cdp'] as const).flatMap((name) => {
    const measured = rounds.flatMap((round) => round[name] ?? []);
    if (measured.length === 0) return [];
    const lasting = LASTING.map((process) => median(measured.map(({ lastingCpuMs }) => lastingCpuMs[process])));
    const rest = measured.map(({ cpuMs, lastingCpuMs }) => LASTING.reduce((ms, one) => ms - lastingCpuMs[one], cpuMs));
    const who = name === 'ours' ? 'headcount' : RIVALS[name].shownAs;
    return [[titleOf(situation), who, ...lasting, median(rest), median(measured.map(({ cpuMs }) => cpuMs))]];
  });
}
