/**
 * Reads the metrics file of a browserless: version 1 wrote a JSON array of rows, version 2 a JSON object a line. All
 * objects are flat, so each is found by its braces, and a cut or garbled one spoils no other. Pure.
 */
import { bucketIndex } from '../metrics/histogram.js';
import { type RestoredRows, SESSION_TIMES_HELD } from '../metrics/ring.js';
import { HISTOGRAM_OFFSET, mergeRow, ROW_WORDS, W, word } from '../metrics/row.js';
import { lostTimesStart } from './format.js';

/** The time that a row of browserless covers. */
const BROWSERLESS_PERIOD_MS = 300_000;
const UNIT_MS = 30_000;
const TIME_LIMIT_MS = 2 ** 32 - 1;
/** Nobody ran so many sessions in five minutes, so an object that says so is no row. */
const SETTLED_MAX = 1_000_000;
const OBJECT = /\{[^{}]*\}/g;
const COUNTS = ['queued', 'rejected', 'unhealthy', 'timedout', 'error', 'unauthorized', 'maxConcurrent'] as const;

export interface ImportedRows extends RestoredRows {
  /** How many rows of browserless were taken. Several may have become one row of ours. */
  readonly readCount: number;
  /** Objects that are no row, rows that are too old or in the future, and text between objects. */
  readonly skippedCount: number;
}

export interface ImportOptions {
  readonly periods: number;
  readonly periodMs: number;
  readonly nowEpochMs: number;
}

interface Row {
  readonly date: number;
  /** Within the period, as browserless says. */
  readonly writtenAt: number;
  readonly words: Float64Array;
  /** Whole ms; null when they do not match the row's sessions. */
  times: readonly number[] | null;
}

/** Null when it is no file of browserless: neither an array nor lines of objects, or without a single row. */
export function parseBrowserless(text: string, options: ImportOptions): ImportedRows | null {
  const { periods, periodMs, nowEpochMs } = options;
  const { objects, junkCount } = findObjects(text);
  const read = objects.map((object) => readRow(object, periodMs));
  const dated = read.filter((row) => row !== null);
  if (dated.length === 0 && !/^\uFEFF?\s*\[\s*\]\s*$/.test(text)) return null;
  const open = Math.floor(nowEpochMs / periodMs) * periodMs;
  const kept = dated.filter(({ date }) => date <= open && date >= open - periods * periodMs);
  const rows = mergePeriods(kept.sort((a, b) => a.writtenAt - b.writtenAt));
  return {
    ...placeTimes(rows),
    readCount: kept.length,
    skippedCount: junkCount + objects.length - kept.length,
  };
}

function findObjects(text: string): { objects: unknown[]; junkCount: number } {
  const objects: unknown[] = [];
  let junkCount = 0;
  let end = 0;
  const skip = (to: number): void => {
    if (/[^\s,[\]\uFEFF]/.test(text.slice(end, to))) junkCount++;
  };
  for (const match of text.matchAll(OBJECT)) {
    skip(match.index);
    end = match.index + match[0].length;
    try {
      objects.push(JSON.parse(match[0]));
    } catch {
      junkCount++;
    }
  }
  skip(text.length);
  return { objects, junkCount };
}

function readRow(object: unknown, periodMs: number): Row | null {
  if (typeof object !== 'object' || object === null) return null;
  const values: Readonly<Record<string, unknown>> = { ...object };
  const number = (name: string): number => {
    const value = values[name];
    return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY ? value : 0;
  };
  const date = number('date');
  if (date === 0 || !('successful' in values || 'sessionTimes' in values)) return null;
  const words = new Float64Array(ROW_WORDS);
  for (const name of COUNTS) words[W[name]] = Math.round(number(name));
  words[W.date] = Math.floor(date / periodMs) * periodMs;
  words[W.settled] = Math.round(number('successful')) + word(words, 'error') + word(words, 'timedout');
  words[W.coveredMs] = BROWSERLESS_PERIOD_MS;
  setSample(words, { sum: W.cpuSum, count: W.cpuCount }, values['cpu']);
  setSample(words, { sum: W.memorySum, count: W.memoryCount }, values['memory']);

  const listed = Array.isArray(values['sessionTimes']) ? values['sessionTimes'].map(wholeMs) : [];
  const times = listed.filter((ms) => ms !== null);
  const settled = word(words, 'settled');
  if (settled > SETTLED_MAX) return null;
  const isWhole = times.length === settled;
  const meanMs = settled === 0 ? 0 : number('totalTime') / settled;
  // The figures win over the times. Then the times that are there stand evenly for all sessions, so that the row's
  // quantiles stay about the same. Without times, the mean stands for all.
  const shown = isWhole ? times : resample(times.length > 0 ? times : [meanMs], settled);
  for (const ms of shown) add(words, HISTOGRAM_OFFSET + bucketIndex(ms));
  words[W.totalTime] = number('totalTime') || sum(shown);
  words[W.minTime] = isWhole || number('minTime') === 0 ? least(shown) : number('minTime');
  words[W.maxTime] = isWhole || number('maxTime') === 0 ? greatest(shown) : number('maxTime');
  words[W.units] = Math.round(number('units')) || sum(shown.map((ms) => Math.max(1, Math.ceil(ms / UNIT_MS))));
  return { date: word(words, 'date'), writtenAt: date, words, times: isWhole ? times : null };
}

/** browserless gives the CPU and memory in use as a ratio, its oldest releases in percent; null when unknown. */
function setSample(words: Float64Array, at: { readonly sum: number; readonly count: number }, value: unknown): void {
  if (typeof value !== 'number' || !(value >= 0 && value <= 100)) return;
  words[at.sum] = value <= 1 ? value : value / 100;
  words[at.count] = 1;
}

/** Merges rows that fall into the same period of ours. `rows` go up by date. */
function mergePeriods(rows: readonly Row[]): Row[] {
  const merged: Row[] = [];
  for (const row of rows) {
    const last = merged.at(-1);
    if (last?.date !== row.date) {
      merged.push(row);
      continue;
    }
    mergeRow(last.words, row.words);
    last.times = last.times && row.times && [...last.times, ...row.times];
  }
  return merged;
}

function placeTimes(rows: readonly Row[]): RestoredRows {
  const times = new Uint32Array(SESSION_TIMES_HELD);
  let timesWritten = 0;
  for (const row of rows) {
    row.words[W.timesStart] = row.times ? timesWritten : lostTimesStart(word(row.words, 'settled'));
    for (const ms of row.times ?? []) times[timesWritten++ % SESSION_TIMES_HELD] = ms;
  }
  return { rows: rows.map(({ words }) => words), times, timesWritten };
}

/** `count` values with the same distribution, ascending. */
function resample(values: readonly number[], count: number): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return Array.from({ length: count }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / count)] ?? 0);
}

function wholeMs(value: unknown): number | null {
  if (typeof value !== 'number' || !(value >= 0 && value < Number.POSITIVE_INFINITY)) return null;
  return Math.min(Math.round(value), TIME_LIMIT_MS);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Not `Math.min(...values)`, because a row may have more values than a call can have arguments. */
function least(values: readonly number[]): number {
  return values.reduce((min, value) => Math.min(min, value), values[0] ?? 0);
}

function greatest(values: readonly number[]): number {
  return values.reduce((max, value) => Math.max(max, value), 0);
}

function add(words: Float64Array, at: number): void {
  words[at] = (words[at] ?? 0) + 1;
}
