/**
 * How a row of the history lies in memory: its words, and how two rows become one. Pure. All that reads or writes a row
 * (fold, ring, views, the file) uses these names; nobody writes an offset.
 */
import { BUCKET_COUNT } from './histogram.js';

/** How a word of two rows is merged. `last` takes the later row's. `date` and `timesStart` are not merged. */
type WordMerge = 'sum' | 'max' | 'min' | 'last' | 'none';

/** The stored words, each with how it is merged. Their order is the file's format, so new ones go to the end. */
const WORDS = {
  date: 'none',
  settled: 'sum',
  queued: 'sum',
  rejected: 'sum',
  unhealthy: 'sum',
  timedout: 'sum',
  error: 'sum',
  unauthorized: 'sum',
  expired: 'sum',
  abandoned: 'sum',
  unavailable: 'sum',
  units: 'sum',
  totalTime: 'sum',
  minTime: 'min',
  maxTime: 'max',
  queueTime: 'sum',
  maxQueueTime: 'max',
  maxConcurrent: 'max',
  running: 'last',
  cpuSum: 'sum',
  cpuCount: 'sum',
  memorySum: 'sum',
  memoryCount: 'sum',
  /** How many run times had ever been written when the row opened: its own begin there in the ring of session times. */
  timesStart: 'none',
  /** ms of the period in which the server was really up. */
  coveredMs: 'sum',
} as const satisfies Record<string, WordMerge>;

export type Word = keyof typeof WORDS;

const names = Object.keys(WORDS);

/** The offset of each word in a row. */
export const W: Readonly<Record<Word, number>> = Object.fromEntries(names.map((name, i) => [name, i])) as Record<
  Word,
  number
>;

/** Where the histogram of run times begins. */
export const HISTOGRAM_OFFSET = names.length;

/** float64 words of a row. */
export const ROW_WORDS = names.length + BUCKET_COUNT;

/** One word of a row; `row` is float64[ROW_WORDS]. */
export function word(row: Float64Array, name: Word): number {
  return row[W[name]] ?? 0;
}

/** Adds `from` to `into`, both float64[ROW_WORDS]; `from` is the later row. */
export function mergeRow(into: Float64Array, from: Float64Array): void {
  const wasEmpty = word(into, 'settled') === 0;
  const isEmpty = word(from, 'settled') === 0;
  for (let i = 0; i < MERGES.length; i++) {
    const mine = into[i] ?? 0;
    const theirs = from[i] ?? 0;
    const merge = MERGES[i];
    if (merge === 'sum') into[i] = mine + theirs;
    else if (merge === 'max') into[i] = Math.max(mine, theirs);
    else if (merge === 'last') into[i] = theirs;
    // A row without sessions has no shortest one, so its 0 must not win.
    else if (merge === 'min' && !isEmpty) into[i] = wasEmpty ? theirs : Math.min(mine, theirs);
  }
  for (let i = HISTOGRAM_OFFSET; i < ROW_WORDS; i++) into[i] = (into[i] ?? 0) + (from[i] ?? 0);
}

const MERGES: readonly WordMerge[] = Object.values(WORDS);
