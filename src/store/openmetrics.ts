/**
 * Rows as OpenMetrics with timestamps, for `promtool tsdb create-blocks-from openmetrics`. Counts become counters that
 * begin at 0 and grow from row to row. So the difference between two ends of periods is exactly the sum of the rows
 * between. Measurements become gauges. Times are in seconds here. Pure.
 */
import { FIELDS } from '../metrics/fields.js';
import { type Word, word } from '../metrics/row.js';

export interface TimedRow {
  /** float64[ROW_WORDS]. */
  readonly row: Float64Array;
  readonly startEpochMs: number;
  /** The time that the row's values get; grows from row to row. */
  readonly endEpochMs: number;
}

type FieldName = (typeof FIELDS)[number]['name'];

interface Series {
  readonly labels?: Readonly<Record<string, string>>;
  readonly of: (row: Float64Array) => number;
}

interface ExportFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly divisor?: number;
  readonly series: readonly Series[];
  /** Whether a row has a value at all: a gauge that nobody measured is no 0. */
  readonly isKnown?: (row: Float64Array) => boolean;
}

const MS_PER_SECOND = 1000;

const field = (name: FieldName): Series['of'] => {
  const found = FIELDS.find((one) => one.name === name);
  return (row) => found?.of?.(row) ?? 0;
};
const byWord = (label: string, words: Readonly<Record<string, Word>>): Series[] =>
  Object.entries(words).map(([value, name]) => ({ labels: { [label]: value }, of: (row) => word(row, name) }));
const stored = (name: Word): Series[] => [{ of: (row) => word(row, name) }];
const hasSettled = (row: Float64Array): boolean => word(row, 'settled') > 0;

const FAMILIES: readonly ExportFamily[] = [
  { name: 'sessions', type: 'counter', help: 'Sessions settled.', series: stored('settled') },
  {
    name: 'session_failures',
    type: 'counter',
    help: 'Sessions that ended not well.',
    series: byWord('reason', { error: 'error', timeout: 'timedout' }),
  },
  { name: 'sessions_queued', type: 'counter', help: 'Requests that had to wait for a slot.', series: stored('queued') },
  {
    name: 'requests_rejected',
    type: 'counter',
    help: 'Requests that never got a slot.',
    series: byWord('reason', {
      full: 'rejected',
      overload: 'unhealthy',
      unavailable: 'unavailable',
      expired: 'expired',
      abandoned: 'abandoned',
    }),
  },
  {
    name: 'unauthorized',
    type: 'counter',
    help: 'Requests turned away for a missing or wrong token.',
    series: stored('unauthorized'),
  },
  { name: 'units', type: 'counter', help: 'Run time in started half minutes, by session.', series: stored('units') },
  {
    name: 'session_seconds',
    type: 'counter',
    help: 'Sum of the run times of sessions settled.',
    divisor: MS_PER_SECOND,
    series: stored('totalTime'),
  },
  {
    name: 'queue_wait_seconds',
    type: 'counter',
    help: 'Sum of the times that sessions had waited when they got their slot.',
    divisor: MS_PER_SECOND,
    series: stored('queueTime'),
  },
  {
    name: 'covered_seconds',
    type: 'counter',
    help: 'Time that the server was up for.',
    divisor: MS_PER_SECOND,
    series: stored('coveredMs'),
  },
  {
    name: 'sessions_concurrent_max',
    type: 'gauge',
    help: 'Peak of sessions running at once in the period.',
    series: stored('maxConcurrent'),
  },
  {
    name: 'sessions_running',
    type: 'gauge',
    help: 'Sessions not yet settled at the end of the period.',
    series: stored('running'),
  },
  {
    name: 'cpu_ratio',
    type: 'gauge',
    help: 'CPU in use over the CPUs that apply, mean over the period.',
    series: [{ of: field('cpu') }],
    isKnown: (row) => word(row, 'cpuCount') > 0,
  },
  {
    name: 'memory_ratio',
    type: 'gauge',
    help: 'Memory in use over the limit that applies, mean over the period.',
    series: [{ of: field('memory') }],
    isKnown: (row) => word(row, 'memoryCount') > 0,
  },
  {
    name: 'session_duration_quantile_seconds',
    type: 'gauge',
    help: 'Run time of the sessions settled in the period: 0 the shortest, 1 the longest.',
    divisor: MS_PER_SECOND,
    series: [
      { labels: { quantile: '0' }, of: field('minTime') },
      { labels: { quantile: '0.5' }, of: field('p50Time') },
      { labels: { quantile: '0.95' }, of: field('p95Time') },
      { labels: { quantile: '0.99' }, of: field('p99Time') },
      { labels: { quantile: '1' }, of: field('maxTime') },
    ],
    isKnown: hasSettled,
  },
  {
    name: 'queue_wait_max_seconds',
    type: 'gauge',
    help: 'Longest time that a session had waited when it got its slot.',
    divisor: MS_PER_SECOND,
    series: stored('maxQueueTime'),
  },
];

/** The exposition, one series in each piece, ended by `# EOF`. */
export function* renderOpenMetrics(rows: readonly TimedRow[]): Generator<string> {
  for (const family of FAMILIES) {
    const name = `headcount_history_${family.name}`;
    yield `# HELP ${name} ${family.help}\n# TYPE ${name} ${family.type}\n`;
    for (const series of family.series) yield renderSeries(rows, family, series);
  }
  yield '# EOF\n';
}

function renderSeries(rows: readonly TimedRow[], family: ExportFamily, { labels, of }: Series): string {
  const { divisor = 1, isKnown } = family;
  const isCounter = family.type === 'counter';
  const pairs = Object.entries(labels ?? {}).map(([label, value]) => `${label}="${value}"`);
  const braces = pairs.length === 0 ? '' : `{${pairs.join()}}`;
  const prefix = `headcount_history_${family.name}${isCounter ? '_total' : ''}${braces}`;
  const first = rows[0];
  let text = isCounter && first ? `${prefix} 0 ${secondsOf(first.startEpochMs)}\n` : '';
  let total = 0;
  for (const { row, endEpochMs } of rows) {
    total += of(row);
    if (isKnown && !isKnown(row)) continue;
    text += `${prefix} ${(isCounter ? total : of(row)) / divisor} ${secondsOf(endEpochMs)}\n`;
  }
  return text;
}

function secondsOf(epochMs: number): string {
  return (epochMs / MS_PER_SECOND).toFixed(3);
}
