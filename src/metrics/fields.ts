/**
 * The columns of `/metrics`, in their order. The JSON, the totals, the README and the exports derive from this one
 * table. Each column says how it is read from a row. Pure.
 */
import { quantile } from './histogram.js';
import { HISTOGRAM_OFFSET, type Word, word } from './row.js';

export interface Field {
  readonly name: string;
  readonly unit: 'epoch ms' | 'count' | 'ratio 0–1' | 'ms' | 'ms[]';
  /** Whether `/metrics/all` has it too. */
  readonly inTotals: boolean;
  readonly help: string;
  /** Its value in a row, float64[ROW_WORDS]; null for the two columns that come from the ring of session times. */
  readonly of: ((row: Float64Array) => number) | null;
}

const stored =
  (name: Word) =>
  (row: Float64Array): number =>
    word(row, name);

const quantileOf =
  (q: number) =>
  (row: Float64Array): number =>
    quantile(row, {
      offset: HISTOGRAM_OFFSET,
      q,
      count: word(row, 'settled'),
      min: word(row, 'minTime'),
      max: word(row, 'maxTime'),
    });

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

export const FIELDS = [
  {
    name: 'date',
    unit: 'epoch ms',
    inTotals: false,
    help: 'Start of the period, of the live row too.',
    of: stored('date'),
  },
  {
    name: 'successful',
    unit: 'count',
    inTotals: true,
    help: 'Sessions that ended well: the result was ready and the client still there.',
    of: (row) => word(row, 'settled') - word(row, 'error') - word(row, 'timedout'),
  },
  {
    name: 'queued',
    unit: 'count',
    inTotals: true,
    help: 'Requests that had to wait for a slot, counted when they start to wait.',
    of: stored('queued'),
  },
  {
    name: 'rejected',
    unit: 'count',
    inTotals: true,
    help: 'Turned away with 429: no slot free and the queue full.',
    of: stored('rejected'),
  },
  {
    name: 'unhealthy',
    unit: 'count',
    inTotals: true,
    help: 'Turned away because CPU or memory is over its limit. Always 0 here: sessions are taken however busy it is.',
    of: stored('unhealthy'),
  },
  {
    name: 'memory',
    unit: 'ratio 0–1',
    inTotals: false,
    help: 'Memory in use over the limit that applies (cgroup v2, v1, else the host), mean over the period.',
    of: (row) => round(ratio(word(row, 'memorySum'), word(row, 'memoryCount'))),
  },
  {
    name: 'cpu',
    unit: 'ratio 0–1',
    inTotals: false,
    help: 'CPU in use over the CPUs that apply, mean over the period.',
    of: (row) => round(ratio(word(row, 'cpuSum'), word(row, 'cpuCount'))),
  },
  {
    name: 'timedout',
    unit: 'count',
    inTotals: true,
    help: 'Sessions ended by their time limit.',
    of: stored('timedout'),
  },
  {
    name: 'totalTime',
    unit: 'ms',
    inTotals: true,
    help: 'Sum of the run times of the sessions that ended.',
    of: stored('totalTime'),
  },
  {
    name: 'meanTime',
    unit: 'ms',
    inTotals: true,
    help: '`totalTime` over the number of sessions that ended; 0 when none.',
    of: (row) => ratio(word(row, 'totalTime'), word(row, 'settled')),
  },
  { name: 'maxTime', unit: 'ms', inTotals: true, help: 'Longest run time; 0 when none.', of: stored('maxTime') },
  { name: 'minTime', unit: 'ms', inTotals: true, help: 'Shortest run time; 0 when none.', of: stored('minTime') },
  {
    name: 'maxConcurrent',
    unit: 'count',
    inTotals: true,
    help: 'Peak of sessions running at once, those that run on from earlier periods included.',
    of: stored('maxConcurrent'),
  },
  {
    name: 'sessionTimes',
    unit: 'ms[]',
    inTotals: true,
    help: 'Run time of each session that ended, in the order they ended.',
    of: null,
  },
  {
    name: 'error',
    unit: 'count',
    inTotals: true,
    help: 'Sessions that failed after they got a slot, in any way but their time limit.',
    of: stored('error'),
  },
  {
    name: 'units',
    unit: 'count',
    inTotals: true,
    help: 'Sum over ended sessions of their run time in started half minutes.',
    of: stored('units'),
  },
  {
    name: 'running',
    unit: 'count',
    inTotals: true,
    help: 'Sessions not yet settled at the end of the period; live row and totals: now.',
    of: stored('running'),
  },
  {
    name: 'unauthorized',
    unit: 'count',
    inTotals: true,
    help: 'Requests, of any route, turned away for a missing or wrong token.',
    of: stored('unauthorized'),
  },
  {
    name: 'expired',
    unit: 'count',
    inTotals: true,
    help: 'Never got a slot: their time ran out while waiting (408).',
    of: stored('expired'),
  },
  {
    name: 'abandoned',
    unit: 'count',
    inTotals: true,
    help: 'Never got a slot: their client left while waiting.',
    of: stored('abandoned'),
  },
  {
    name: 'unavailable',
    unit: 'count',
    inTotals: true,
    help: 'Never got a slot: turned away because draining or without a browser (503).',
    of: stored('unavailable'),
  },
  { name: 'p50Time', unit: 'ms', inTotals: true, help: 'Median run time, within 5 %.', of: quantileOf(0.5) },
  {
    name: 'p95Time',
    unit: 'ms',
    inTotals: true,
    help: '95th percentile of run time, within 5 %.',
    of: quantileOf(0.95),
  },
  {
    name: 'p99Time',
    unit: 'ms',
    inTotals: true,
    help: '99th percentile of run time, within 5 %.',
    of: quantileOf(0.99),
  },
  {
    name: 'queueTime',
    unit: 'ms',
    inTotals: true,
    help: 'Sum of the times that sessions had waited when they got their slot.',
    of: stored('queueTime'),
  },
  {
    name: 'maxQueueTime',
    unit: 'ms',
    inTotals: true,
    help: 'Longest time that a session had waited when it got its slot.',
    of: stored('maxQueueTime'),
  },
  {
    name: 'sessionTimesDropped',
    unit: 'count',
    inTotals: true,
    help: 'Entries of `sessionTimes` no longer held; 0 in all but extreme load.',
    of: null,
  },
] as const satisfies readonly Field[];

/** A sample over a second does not know more than six digits, and they keep the rows short. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
