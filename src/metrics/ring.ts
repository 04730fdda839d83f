/**
 * The history: one SharedArrayBuffer with a week of rows, the open one included, and one ring of session times that
 * all rows share. Everything is allocated here, once. Written by `fold` alone, on the main thread; read from any.
 *
 * A row is found by its sequence number, 0 being the first ever. `closed` (an Int32, so that Atomics can publish it) is
 * how many have been closed, so row `closed` is the open one. A row keeps its place until `periods + 2` later rows
 * have been opened: one more than are shown, so that a reader on another thread has a whole period to copy it.
 */
import assert from 'node:assert/strict';
import { ROW_WORDS, W } from './row.js';

/** Session times held, over all rows: 4 MiB. At one session a second that is twelve days. */
export const SESSION_TIMES_HELD = 2 ** 20;
const HEADER_BYTES = 64;
const CLOSED = 0;

export interface RingShape {
  /** Closed rows that are kept. */
  readonly periods: number;
}

/** What a file has kept of an earlier ring. */
export interface RestoredRows {
  /** float64[ROW_WORDS] each, oldest first; dated as the clock was, which may have been wrong (`views/shown.ts`). */
  readonly rows: readonly Float64Array[];
  /** uint32[SESSION_TIMES_HELD]: the run time with number n at n % SESSION_TIMES_HELD. */
  readonly times: Uint32Array;
  readonly timesWritten: number;
}

interface RingReader {
  /** Sequence number of the open row, which is also how many rows are closed. */
  closed(): number;
  /**
   * Copies the row `sequence` into `into`, float64[ROW_WORDS]. False when the row is not held any more, or was
   * overwritten meanwhile; then `into` is garbage. A closed row is never torn; the open row is whole only when read on
   * the thread that folds.
   */
  copyRow(sequence: number, into: Float64Array): boolean;
}

export interface Ring extends RingReader {
  readonly periods: number;
  /** The open row itself, float64[ROW_WORDS]. */
  open(): Float64Array;
  /** A held row itself, without a copy; for the thread that folds. */
  row(sequence: number): Float64Array;
  /** Closes the open row and opens the next, of the period that starts at `date`, epoch ms. */
  close(date: number): void;
  /** Appends a run time, whole ms; what exceeds seven weeks is held as seven weeks. */
  pushTime(ms: number): void;
  /** Run times ever written. */
  timesWritten(): number;
  /** The run times [start, end) by their number ever written, without those that have been overwritten. */
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
      // Its place is cleared while row `sequence + periods + 1` closes, just before that is published.
      return closed() <= sequence + periods;
    },
  };
}

/**
 * The open row is that of the period that starts at `date`, epoch ms. When the last restored row is of that period, or
 * of a later one because the clock was set back, it goes on where it stopped.
 */
export function createRing(shape: RingShape, date: number, restored: RestoredRows | null = null): Ring {
  const { periods } = shape;
  assert(Number.isInteger(periods) && periods >= 1, 'a ring has at least one closed row');
  const buffer = new SharedArrayBuffer(ringBytes(shape));
  const seats = periods + 2;
  const header = new Int32Array(buffer, 0, HEADER_BYTES / 4);
  const rows = new Float64Array(buffer, HEADER_BYTES, seats * ROW_WORDS);
  const held = new Uint32Array(buffer, HEADER_BYTES + seats * ROW_WORDS * 8, SESSION_TIMES_HELD);
  // Views of the rows are made once, so that the hot path makes none.
  const views = Array.from({ length: seats }, (_, i) => rows.subarray(i * ROW_WORDS, (i + 1) * ROW_WORDS));
  const reader = openRingReader(buffer, shape);
  let written = restored?.timesWritten ?? 0;
  const goesOn = (restored?.rows.at(-1)?.[W.date] ?? Number.NEGATIVE_INFINITY) >= date;
  const kept = restored?.rows.slice(goesOn ? -periods - 1 : -periods) ?? [];
  let sequence = goesOn ? kept.length - 1 : kept.length;

  const row = (wanted: number): Float64Array => {
    const view = views[wanted % seats];
    // Not in `assert(…)`: that would make the message for each of a week's rows, at each request.
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
  // What ran when the server stopped does not run any more.
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
