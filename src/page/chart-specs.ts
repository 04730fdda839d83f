/**
 * What the charts show: each a title, a scale and a few series, all of them read from the same rows. Colours are names
 * of custom properties in page.css; lines that share a chart differ in their dashes too. Pure data.
 */
import type { Row } from './figures.js';
import { duration, percent, rate, short, shortDuration } from './format.js';
import type { Pick } from './points.js';

interface SeriesSpec {
  readonly label: string;
  readonly colour: string;
  readonly line: 'solid' | 'dashed' | 'dotted';
  readonly of: Pick;
}

export interface ChartSpec {
  readonly title: string;
  /** The chart shows counts for each period, and its title says so. */
  readonly isPerPeriod?: true;
  /** Series are stacked, the last one at the bottom. */
  readonly isStacked?: true;
  readonly series: readonly SeriesSpec[];
  readonly scale: Scale;
}

interface Scale {
  readonly text: (value: number) => string;
  /** Writes a value at the axis. */
  readonly mark: (value: number) => string;
  /** The top of an axis that has nothing to show. */
  readonly leastMax: number;
  /** The top of an axis that always ends there. */
  readonly fixedMax?: number;
  /** Possible distances between marks. Without them, round numbers. */
  readonly steps?: readonly number[];
}

const COUNT_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7, 1e8];
const MS_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5];

const COUNT: Scale = { text: rate, mark: short, leastMax: 4, steps: COUNT_STEPS };
const TIME: Scale = { text: duration, mark: shortDuration, leastMax: 100, steps: MS_STEPS };
const RATIO: Scale = { text: percent, mark: percent, leastMax: 1, fixedMax: 1 };

const failed = (row: Row): number => row.error + row.timedout;
const refused = (row: Row): number => row.expired + row.abandoned + row.unhealthy + row.unavailable;
/** A period in which no session ended has no run times, which is not the same as run times of 0 ms. */
const whenEnded =
  (name: 'p50Time' | 'p95Time' | 'p99Time'): Pick =>
  (row) =>
    row.successful + failed(row) === 0 ? null : row[name];

export const CHARTS: readonly ChartSpec[] = [
  {
    title: 'Requests by outcome',
    isPerPeriod: true,
    isStacked: true,
    scale: COUNT,
    series: [
      { label: 'Ended well', colour: 'successful', line: 'solid', of: (row) => row.successful },
      { label: 'Never ran', colour: 'rejected', line: 'solid', of: (row) => row.rejected + refused(row) },
      { label: 'Failed, timed out', colour: 'error', line: 'solid', of: failed },
    ],
  },
  {
    title: 'Failures and refusals',
    isPerPeriod: true,
    scale: COUNT,
    series: [
      { label: 'Failed', colour: 'error', line: 'solid', of: (row) => row.error },
      { label: 'Timed out', colour: 'timedout', line: 'dashed', of: (row) => row.timedout },
      { label: 'Rejected', colour: 'rejected', line: 'solid', of: (row) => row.rejected },
      { label: 'Other refusals', colour: 'other', line: 'dotted', of: refused },
    ],
  },
  {
    title: 'Run time',
    scale: TIME,
    series: [
      { label: 'p50', colour: 'low', line: 'solid', of: whenEnded('p50Time') },
      { label: 'p95', colour: 'middle', line: 'dashed', of: whenEnded('p95Time') },
      { label: 'p99', colour: 'high', line: 'dotted', of: whenEnded('p99Time') },
    ],
  },
  {
    title: 'Longest wait for a slot',
    scale: TIME,
    series: [{ label: 'Longest wait', colour: 'middle', line: 'solid', of: (row) => row.maxQueueTime }],
  },
  {
    title: 'Sessions at once, and requests that waited',
    scale: COUNT,
    series: [
      { label: 'Most at once', colour: 'successful', line: 'solid', of: (row) => row.maxConcurrent },
      { label: 'Had to wait', colour: 'timedout', line: 'dashed', of: (row) => row.queued },
    ],
  },
  {
    title: 'CPU and memory',
    scale: RATIO,
    series: [
      { label: 'CPU', colour: 'low', line: 'solid', of: (row) => row.cpu },
      { label: 'Memory', colour: 'other', line: 'dashed', of: (row) => row.memory },
    ],
  },
];

/** Whether the chart has anything to show of the rows. */
export function hasAny({ series }: ChartSpec, rows: readonly Row[]): boolean {
  return rows.some((row) => series.some(({ of }) => (of(row) ?? 0) > 0));
}
