/**
 * What the fold should come to, in the plainest way: every value in a list, every row an object, sums taken when asked.
 * Slow and obvious. The tests run random lives through it and through the real fold.
 */

import type { FamilyName } from '../../src/metrics/families.js';
import type { FakeClock } from './fake-clock.js';

/** A stat delta by its names. */
export interface Delta {
  readonly name: FamilyName;
  readonly labels: readonly string[];
  readonly value: number;
}

export interface ModelRow {
  readonly date: number;
  readonly counts: { [column: string]: number };
  readonly times: number[];
  readonly waits: number[];
  readonly cpu: number[];
  readonly memory: number[];
  maxConcurrent: number;
  running: number;
  coveredMs: number;
}

interface Written extends Delta {
  readonly writtenAtMs: number;
}

const FAILED = 'headcount_session_failures_total';
const REJECTED = 'headcount_requests_rejected_total';
const COLUMNS: Readonly<Record<string, string>> = {
  headcount_sessions_queued_total: 'queued',
  headcount_unauthorized_total: 'unauthorized',
  [`${REJECTED} queue_full`]: 'rejected',
  [`${REJECTED} deadline`]: 'rejected',
  [`${REJECTED} overload`]: 'unhealthy',
  [`${REJECTED} draining`]: 'unavailable',
  [`${REJECTED} no_browser`]: 'unavailable',
  [`${REJECTED} expired`]: 'expired',
  [`${REJECTED} abandoned`]: 'abandoned',
};

export class FoldModel {
  readonly rows: ModelRow[];
  /** Every value that a labelset was ever given, by `name label label`. */
  readonly values = new Map<string, number[]>();
  readonly foldDelaysMs: number[] = [];
  droppedCount = 0;
  private active = 0;
  private openedAtMs: number;
  private endsAtMs: number;
  private readonly lanes: Written[][];
  private readonly clock: FakeClock;
  private readonly options: { readonly periodMs: number; readonly laneCount: number; readonly laneCapacity: number };

  constructor(clock: FakeClock, options: FoldModel['options'], date: number) {
    this.clock = clock;
    this.options = options;
    this.rows = [emptyRow(date, 0)];
    this.lanes = Array.from({ length: options.laneCount }, () => []);
    this.openedAtMs = clock.monotonicMs();
    this.endsAtMs = this.openedAtMs + options.periodMs - (clock.epochMs() - date);
  }

  open(): ModelRow {
    const row = this.rows.at(-1);
    if (!row) throw new Error('there is always an open row');
    return row;
  }

  apply(delta: Delta): void {
    const key = [delta.name, ...delta.labels].join(' ');
    const given = this.values.get(key) ?? [];
    given.push(delta.value);
    this.values.set(key, given);
    const row = this.open();
    const { name, value } = delta;
    if (name === 'headcount_sessions_started_total') this.active++;
    if (name === 'headcount_sessions_total') this.active--;
    row.maxConcurrent = Math.max(row.maxConcurrent, this.active);
    row.running = this.active;
    if (name === 'headcount_session_duration_seconds') row.times.push(value);
    if (name === 'headcount_queue_wait_duration_seconds') row.waits.push(value);
    if (name === 'headcount_cpu_ratio') row.cpu.push(value);
    if (name === 'headcount_memory_ratio') row.memory.push(value);
    const failed = delta.labels[1] === 'timeout' ? 'timedout' : 'error';
    const column = name === FAILED ? failed : COLUMNS[key];
    if (column !== undefined) row.counts[column] = (row.counts[column] ?? 0) + value;
  }

  write(index: number, delta: Delta): void {
    const lane = this.lanes[index] ?? [];
    if (lane.length === this.options.laneCapacity) this.droppedCount++;
    else lane.push({ ...delta, writtenAtMs: this.clock.monotonicMs() });
  }

  drain(): void {
    for (const lane of this.lanes) {
      for (const written of lane.splice(0)) {
        this.apply(written);
        this.foldDelaysMs.push(this.clock.monotonicMs() - written.writtenAtMs);
      }
    }
  }

  /** A period ends when it has lasted its time, or when the wall clock is in a later one or far behind. */
  roll(): void {
    const { periodMs } = this.options;
    const [epochMs, nowMs] = [this.clock.epochMs(), this.clock.monotonicMs()];
    const row = this.open();
    row.coveredMs = Math.min(periodMs, nowMs - this.openedAtMs);
    const wall = Math.floor(epochMs / periodMs) * periodMs;
    const isDone = nowMs >= this.endsAtMs;
    const isSet = wall > row.date || row.date - wall > periodMs || (isDone && wall < row.date);
    if (!isSet && !isDone) return;
    this.drain();
    const date = isSet ? wall : row.date + periodMs;
    this.rows.push(emptyRow(date, this.active));
    this.openedAtMs = nowMs;
    this.endsAtMs = nowMs + periodMs - Math.max(0, epochMs - date);
  }

  /**
   * The rows that are shown when `periods` closed ones are kept, oldest first, each with the rows that it is made of.
   */
  shown(periods: number): ShownModelRow[] {
    const { periodMs } = this.options;
    const held = this.rows.slice(-1 - periods);
    const present = this.open().date;
    const oldest = present - periods * periodMs;
    const isBehind = (row: ModelRow): boolean =>
      row.date < oldest && held.slice(0, held.indexOf(row)).some(({ date }) => date > row.date && date <= present);
    const isRight = (row: ModelRow): boolean =>
      !isBehind(row) && held.slice(held.indexOf(row)).every((later) => later.date >= row.date || isBehind(later));
    const shown: { date: number; rows: ModelRow[] }[] = [];
    for (const [i, row] of [...held.entries()].reverse()) {
      const next = shown[0];
      const earlier = held.slice(0, i).findLast(isRight)?.date ?? -periodMs;
      const isFirstWrong = next !== undefined && isRight(next.rows[0] ?? row);
      const placed = (next?.date ?? 0) - periodMs;
      let date = next?.date;
      if (isRight(row)) date = row.date;
      else if (!isFirstWrong && placed > earlier) date = placed;
      if (next && date === next.date) next.rows.unshift(row);
      else shown.unshift({ date: date ?? 0, rows: [row] });
    }
    return shown.filter(({ date }) => date >= oldest);
  }
}

export interface ShownModelRow {
  readonly date: number;
  readonly rows: readonly ModelRow[];
}

function emptyRow(date: number, active: number): ModelRow {
  return {
    date,
    counts: {},
    times: [],
    waits: [],
    cpu: [],
    memory: [],
    maxConcurrent: active,
    running: active,
    coveredMs: 0,
  };
}

/** The columns of merged rows, as `/metrics` names them; of one row, or of all for the totals. */
export function columnsOf(rows: readonly ModelRow[]): { [column: string]: number | number[] } {
  const counted = (name: string): number => sum(rows.map(({ counts }) => counts[name] ?? 0));
  const times = rows.flatMap((row) => row.times);
  const waits = rows.flatMap((row) => row.waits);
  const totalTime = sum(times);
  return {
    successful: times.length - counted('error') - counted('timedout'),
    queued: counted('queued'),
    rejected: counted('rejected'),
    unhealthy: counted('unhealthy'),
    timedout: counted('timedout'),
    totalTime,
    meanTime: times.length === 0 ? 0 : totalTime / times.length,
    maxTime: Math.max(0, ...times),
    minTime: times.length === 0 ? 0 : Math.min(...times),
    maxConcurrent: Math.max(...rows.map((row) => row.maxConcurrent)),
    sessionTimes: times,
    error: counted('error'),
    units: sum(times.map((ms) => Math.ceil(ms / 30_000))),
    running: rows.at(-1)?.running ?? 0,
    unauthorized: counted('unauthorized'),
    expired: counted('expired'),
    abandoned: counted('abandoned'),
    unavailable: counted('unavailable'),
    p50Time: nearestRank(times, 0.5),
    p95Time: nearestRank(times, 0.95),
    p99Time: nearestRank(times, 0.99),
    queueTime: sum(waits),
    maxQueueTime: Math.max(0, ...waits),
    sessionTimesDropped: 0,
  };
}

export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

function nearestRank(times: readonly number[], q: number): number {
  return times.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * times.length)) - 1] ?? 0;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
