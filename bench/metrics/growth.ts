/**
 * Nothing grows: the second week of history takes no more memory than the first and costs as much, and the last of a
 * million deltas costs as much as the first. Memory is heap and buffers after a collection, of a process that holds
 * only the core.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Core, createCore, nextPeriod, runSession } from '../../test/metrics/core.js';
import { EVERYTHING } from '../../test/metrics/views/selections.js';
import { collectGarbage, median } from '../measure.js';
import type { BenchReport, BenchRow } from '../row.js';

const PERIODS = 2016;
const SESSIONS = 300;
/** Periods after which it looks: parts of the first week, and the second. */
const AFTER = [1, 504, 1008, PERIODS, 2 * PERIODS];
const ASKED = 15;
const DELTAS = 1_000_000;
const STEPS = 10;
const SETTLE_MS = 100;
const MEGABYTES_MAX = 1;
const TIMES_MAX = 1.2;

interface Sample {
  readonly periods: number;
  readonly megabytes: number;
  /** ms to close a period and to answer `/metrics` and `/metrics/all` after it, medians. */
  readonly closeMs: number;
  readonly liveMs: number;
}

export async function run(): Promise<BenchReport> {
  const weeks = await growWeeks();
  const steps = await growDeltas();
  const [one, two] = weeks.slice(-2);
  const [early, late] = [steps[1], steps.at(-1)];
  if (!one || !two || !early || !late) throw new Error('nothing was measured');
  const rows: BenchRow[] = [
    limited('MB that the second week of history adds', two.megabytes - one.megabytes, MEGABYTES_MAX),
    {
      ...limited('ms for /metrics, live row changed, after two weeks', two.liveMs / one.liveMs, TIMES_MAX),
      ours: two.liveMs,
      compared: { with: 'after one', value: one.liveMs },
      ratio: one.liveMs / two.liveMs,
      target: `at most ${TIMES_MAX} of it`,
    },
    limited('MB that a million deltas add', late.megabytes - early.megabytes, MEGABYTES_MAX),
  ];
  return {
    rows,
    tables: [
      {
        title: `Growth with history: periods of ${SESSIONS} sessions, ${PERIODS} kept`,
        columns: ['periods', 'MB heap and buffers', 'ms /metrics, period just closed', 'ms, live row changed'],
        rows: weeks.map(({ periods, megabytes, closeMs, liveMs }) => [String(periods), megabytes, closeMs, liveMs]),
      },
      {
        title: 'Growth with deltas',
        columns: ['deltas', 'ns a delta since the line before', 'MB heap and buffers'],
        rows: steps.map(({ deltas, nanoseconds, megabytes }) => [deltas.toLocaleString('en'), nanoseconds, megabytes]),
      },
    ],
  };
}

function limited(claim: string, value: number, max: number): BenchRow {
  return { claim, ours: value, compared: null, ratio: null, target: `<= ${max}`, isMet: value <= max };
}

async function growWeeks(): Promise<Sample[]> {
  const core = createCore({ periods: PERIODS });
  const cpuCell = core.layout.cellOf('headcount_cpu_ratio');
  const samples: Sample[] = [];
  let done = 0;
  for (const periods of AFTER) {
    for (; done < periods - Math.min(ASKED, periods); done++) fillPeriod(core);
    const closeTimes: number[] = [];
    const liveTimes: number[] = [];
    for (; done < periods; done++) {
      fillPeriod(core);
      closeTimes.push(msOf(() => askAll(core)));
      core.record(cpuCell, 0.5);
      liveTimes.push(msOf(() => askAll(core)));
    }
    samples.push({ periods, megabytes: await megabytesHeld(), closeMs: median(closeTimes), liveMs: median(liveTimes) });
  }
  return samples;
}

function fillPeriod(core: Core): void {
  for (let i = 0; i < SESSIONS; i++) runSession(core, (i * 37) % 4000);
  nextPeriod(core);
}

function askAll(core: Core): void {
  core.history(core.snapshot(), EVERYTHING);
  core.totals(core.snapshot(), EVERYTHING);
}

async function growDeltas(): Promise<{ deltas: number; nanoseconds: number; megabytes: number }[]> {
  const core = createCore();
  const cell = core.layout.cellOf('headcount_session_duration_seconds', 'pdf');
  const count = DELTAS / STEPS;
  const steps = [];
  for (let step = 1; step <= STEPS; step++) {
    const ms = msOf(() => {
      for (let i = 0; i < count; i++) core.record(cell, i % 4000);
    });
    steps.push({ deltas: step * count, nanoseconds: (ms * 1e6) / count, megabytes: await megabytesHeld() });
  }
  return steps;
}

function msOf(task: () => void): number {
  const startMs = performance.now();
  task();
  return performance.now() - startMs;
}

/** The engine decides whether shared buffers are in it. The ring is one, and never changes its size. */
async function megabytesHeld(): Promise<number> {
  collectGarbage();
  // Buffers whose owners are gone are freed a moment later, and the next collection shows that.
  await sleep(SETTLE_MS);
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}
