/**
 * The history: one SharedArrayBuffer with a week of rows, the open one included, and one ring of session times that all
 * rows share. All of it is allocated here, once. Only `fold` writes it, on the main thread; any thread may read.
 *
 * A row is found by its sequence number; the first row ever has 0. `closed` says how many rows have been closed, so row
 * `closed` is the open one. It is an Int32, because Atomics publish it. A row keeps its place until `periods + 2` later
 * rows have been opened. That is one more than are shown, so a reader on another thread has a whole period to copy a
 * row.
 */
import assert from 'node:assert/strict';
import { ROW_WORDS, W } from './row.js';

/** How many session times are held over all rows: 4 MiB. At one session a second they reach back twelve days. */
export const SESSION_TIMES_HELD = 2 ** 20;
const HEADER_BYTES = 64;
const CLOSED = 0;

export interface RingShape {
  /** How many closed rows are kept. */
  readonly periods: number;
}

/** What a file has kept of an earlier ring. */
export interface RestoredRows {
  /**
   * float64[ROW_WORDS] each, oldest first. Their dates are those of the clock, which may have been wrong
   * (`views/shown.ts`).
   */
  readonly rows: readonly Float64Array[];
  /** uint32[SESSION_TIMES_HELD]: run time number n is at n % SESSION_TIMES_HELD. */
  readonly times: Uint32Array;
  readonly timesWritten: number;
}

interface RingReader {
  /** The sequence number of the open row; also how many rows have been closed. */
  closed(): number;
  /**
   * Copies the row `sequence` into `into`, float64[ROW_WORDS]. False when the row is no longer held, or was overwritten
   * during the copy; then `into` is garbage. A closed row is never torn. The open row is whole only when the folding
   * thread reads it.
   */
  copyRow(sequence: number, into: Float64Array): boolean;
}

export interface Ring extends RingReader {
  readonly periods: number;
  /** The open row itself, float64[ROW_WORDS]. */
  open(): Float64Array;
  /** A held row without a copy, for the thread that folds. */
  row(sequence: number): Float64Array;
  /** Closes the open row and opens the next, whose period starts at `date`, epoch ms. */
  close(date: number): void;
  /** Appends a run time, whole ms. A longer one than seven weeks is held as seven weeks. */
  pushTime(ms: number): void;
  /** How many run times were ever written. */
  timesWritten(): number;
  /**
   * The run times with the numbers [start, end), counted over all that were ever written. Those that were overwritten
   * are missing.
   */
  times(start: number, end: number): Uint32Array;
  readonly buffer: SharedArrayBuffer;
}

/** Bytes of a ring, header included. */
export function ringBytes({ periods }: RingShape): number {
  return HEADER_BYTES + (periods + 2) * ROW_WORDS * 8 + SESSION_TIMES_HELD * 4;
}

export function openRingReader(buffer: SharedArrayBuffer, { periods }: RingShape): RingReader {
  const seats = periods + 2;
  const header = new Int32Array(buffer, 0, HEADER_BYTES / 4);
  const rows = new Float64Array(buffer, HEADER_BYTES, seats * ROW_WORDS);
  const closed = (): number => Atomics.load(header, CLOSED);
  return {
    closed,
    copyRow(sequence, into) {
      const before = closed();
      if (sequence < 0 || sequence > before || sequence < before - periods) return false;
      const at = (sequence % seats) * ROW_WORDS;
      into.set(rows.subarray(at, at + ROW_WORDS));
      // The row's place is cleared while row `sequence + periods + 1` closes, just before that is published.
      return closed() <= sequence + periods;
    },
  };
}

/**
 * The open row has the period that starts at `date`, epoch ms. When the last restored row has that period, or a later
 * one because the clock was set back, it is continued.
 */
export function createRing(shape: RingShape, date: number, restored: RestoredRows | null = null): Ring {
  const { periods } = shape;
  assert(Number.isInteger(periods) && periods >= 1, 'a ring has at least one closed row');
  const buffer = new SharedArrayBuffer(ringBytes(shape));
  const seats = periods + 2;
  const header = new Int32Array(buffer, 0, HEADER_BYTES / 4);
  const rows = new Float64Array(buffer, HEADER_BYTES, seats * ROW_WORDS);
  const held = new Uint32Array(buffer, HEADER_BYTES + seats * ROW_WORDS * 8, SESSION_TIMES_HELD);
  // Views of the rows are made once, so the hot path makes none.
  const views = Array.from({ length: seats }, (_, i) => rows.subarray(i * ROW_WORDS, (i + 1) * ROW_WORDS));
  const reader = openRingReader(buffer, shape);
  let written = restored?.timesWritten ?? 0;
  const goesOn = (restored?.rows.at(-1)?.[W.date] ?? Number.NEGATIVE_INFINITY) >= date;
  const kept = restored?.rows.slice(goesOn ? -periods - 1 : -periods) ?? [];
  let sequence = goesOn ? kept.length - 1 : kept.length;

  const row = (wanted: number): Float64Array => {
    const view = views[wanted % seats];
    // Not by `assert(…)`: at each request, that would make a message for each row of a week.
    if (!view || wanted > sequence || wanted < sequence - periods) assert.fail(`row ${wanted} is not held`);
    return view;
  };
  const begin = (wanted: Float64Array, at: number): void => {
    wanted.fill(0);
    wanted[W.date] = at;
    wanted[W.timesStart] = written;
  };
  if (restored) held.set(restored.times);
  for (let i = 0; i < kept.length; i++) rows.set(kept[i] ?? [], i * ROW_WORDS);
  // Sessions that ran when the server stopped do not run any more.
  if (goesOn) row(sequence)[W.running] = 0;
  else begin(row(sequence), date);
  Atomics.store(header, CLOSED, sequence);

  return {
    ...reader,
    buffer,
    periods,
    open: () => row(sequence),
    row,
    close(nextDate) {
      const next = views[(sequence + 1) % seats];
      assert(next);
      begin(next, nextDate);
      sequence++;
      Atomics.store(header, CLOSED, sequence);
    },
    pushTime(ms) {
      held[written % SESSION_TIMES_HELD] = Math.min(ms, 0xffffffff);
      written++;
    },
    timesWritten: () => written,
    times(start, end) {
      const from = Math.max(start, written - SESSION_TIMES_HELD);
      if (from >= end) return new Uint32Array(0);
      const first = from % SESSION_TIMES_HELD;
      const length = end - from;
      if (first + length <= SESSION_TIMES_HELD) return held.subarray(first, first + length);
      const joined = new Uint32Array(length);
      joined.set(held.subarray(first));
      joined.set(held.subarray(0, first + length - SESSION_TIMES_HELD), SESSION_TIMES_HELD - first);
      return joined;
    },
  };
}
