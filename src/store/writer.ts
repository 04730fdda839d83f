/**
 * Writes what is new in the ring to its file: the session times, then the rows that refer to them. Main thread. What is
 * to be written is copied first, in one go, so the ring may change while the file system works.
 */
import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Ring, SESSION_TIMES_HELD } from '../metrics/ring.js';
import { W, word } from '../metrics/row.js';
import { createFile } from './create.js';
import { type Files, writeAt } from './files.js';
import type { FileShape } from './format.js';
import * as format from './format.js';
import type { Start } from './source.js';

export interface WriterOptions {
  readonly files: Files;
  readonly path: string;
  readonly shape: FileShape;
  readonly ring: Ring;
  /** The sequence number in the file of the ring's row 0. */
  readonly firstSequence: number;
  /** The number in the file of the ring's session time 0. */
  readonly firstTime: number;
  readonly start: Start;
  /** What a file that is continued already has of the ring: the rows before `row`, and so many session times. */
  readonly begun: { readonly row: number; readonly times: number };
  readonly onCreated: (asidePath: string | null) => void;
}

export interface Writer {
  /** Whether there is a file to write to. If not, the next write makes one, which is expensive. */
  isConnected(): boolean;
  /**
   * Writes what is new, and says whether there was anything. `isLast` also syncs, as the close of a row does. Call it
   * again only once it has settled. Rejects with the file system's error; the next call writes what this one could not.
   */
  write(isLast: boolean): Promise<boolean>;
  close(): Promise<void>;
}

export function createWriter(options: WriterOptions): Writer {
  const { files, path, shape, ring } = options;
  let start = options.start;
  let handle: FileHandle | null = null;
  /** What the file has: the rows before this one, and this one as it was when its checksum was `crc`. */
  let done: Progress = { ...options.begun, crc: 0, timesCrc: null };

  const connect = async (): Promise<void> => {
    if (start !== 'append') {
      const image = imageOf(ring, options);
      const aside = await createFile(files, path, { shape, aside: start.aside, ...image });
      done = { ...image.done, crc: 0, timesCrc: null };
      start = 'append';
      options.onCreated(aside);
    }
    handle = await files.open(path, 'r+');
  };

  /** When the file was removed behind our back, the next write makes another. */
  const checkName = async (file: FileHandle): Promise<void> => {
    if ((await file.stat()).nlink > 0) return;
    handle = null;
    start = { aside: 'none' };
    await file.close();
  };

  return {
    isConnected: () => handle !== null,
    async write(isLast) {
      if (!handle) await connect();
      assert(handle);
      const file = handle;
      const next = copyNew(ring, done, options);
      const isSame = next.pages.length === 1 && next.pieces.length === 0 && next.done.crc === done.crc;
      if (isSame && !isLast) return false;
      for (const { position, bytes } of next.pieces) await writeAt(file, bytes, position);
      for (const { sequence, page } of next.pages) await writeAt(file, page, format.seatOffset(shape, sequence));
      const isClose = next.done.row > done.row;
      if (isClose || isLast) await file.datasync();
      done = next.done;
      if (isClose) await checkName(file);
      return true;
    },
    async close() {
      const file = handle;
      handle = null;
      await file?.close();
    },
  };
}

interface Progress {
  readonly row: number;
  readonly times: number;
  readonly crc: number;
  /** Of the first `count` session times of `row`, so that it only needs to be extended; null: unknown. */
  readonly timesCrc: { readonly count: number; readonly crc: number } | null;
}

interface Copy {
  readonly pieces: readonly { readonly position: number; readonly bytes: Buffer }[];
  readonly pages: readonly { readonly sequence: number; readonly page: Buffer }[];
  readonly done: Progress;
}

function copyNew(ring: Ring, done: Progress, options: WriterOptions): Copy {
  const { shape, firstSequence } = options;
  const open = ring.closed();
  const written = ring.timesWritten();
  const pages: { sequence: number; page: Buffer }[] = [];
  let timesCrc = done.timesCrc;
  for (let index = Math.max(done.row, open - ring.periods); index <= open; index++) {
    const row = ring.row(index);
    timesCrc = extendTimesCrc(ring, row, index === done.row ? done.timesCrc : null);
    const page = Buffer.alloc(format.PAGE_BYTES);
    const sequence = firstSequence + index;
    const inFile = rowInFile(row, options);
    format.encodeSeat(page, { sequence, periodMs: shape.periodMs, row: inFile, timesCrc: timesCrc?.crc ?? 0 });
    pages.push({ sequence, page });
  }
  const crc = crc32(pages.at(-1)?.page ?? '');
  return { pieces: timesPieces(ring, done.times, options), pages, done: { row: open, times: written, crc, timesCrc } };
}

/** The row as it is in the file, where session times have other numbers. Times that are lost have no number. */
function rowInFile(row: Float64Array, { firstTime }: WriterOptions): Float64Array {
  if (firstTime === 0 || word(row, 'timesStart') < 0) return row;
  const copy = row.slice();
  copy[W.timesStart] = word(row, 'timesStart') + firstTime;
  return copy;
}

/** The session times from `start` on, at their places in the file. */
function timesPieces(ring: Ring, start: number, { firstTime }: WriterOptions): { position: number; bytes: Buffer }[] {
  const written = ring.timesWritten();
  const pieces: { position: number; bytes: Buffer }[] = [];
  for (let from = Math.max(start, written - SESSION_TIMES_HELD); from < written; ) {
    const at = (from + firstTime) % SESSION_TIMES_HELD;
    const to = Math.min(written, from + SESSION_TIMES_HELD - at);
    pieces.push({ position: format.TIMES_OFFSET + at * 4, bytes: timesBytes(ring, from, to) });
    from = to;
  }
  return pieces;
}

function extendTimesCrc(ring: Ring, row: Float64Array, known: Progress['timesCrc']): Progress['timesCrc'] {
  const start = word(row, 'timesStart');
  const count = word(row, 'settled');
  // They are lost or partly overwritten. The file's reader treats both as not held.
  if (start < 0 || start < ring.timesWritten() - SESSION_TIMES_HELD) return null;
  const from = known ?? { count: 0, crc: 0 };
  // For an empty buffer zlib returns 0 and not the CRC so far.
  if (from.count === count) return from;
  return { count, crc: crc32(timesBytes(ring, start + from.count, start + count), from.crc) };
}

function timesBytes(ring: Ring, from: number, to: number): Buffer {
  const times = ring.times(from, to);
  const bytes = Buffer.alloc(times.length * 4);
  new Uint32Array(bytes.buffer, bytes.byteOffset, times.length).set(times);
  return bytes;
}

/** All that the ring holds, for a new file. Closed rows do not change, so they are read only when they are written. */
function imageOf(ring: Ring, options: WriterOptions) {
  const { shape, firstSequence, firstTime } = options;
  const open = ring.closed();
  const written = ring.timesWritten();
  const times = Buffer.alloc(format.TIMES_BYTES);
  for (const { position, bytes } of timesPieces(ring, 0, options)) bytes.copy(times, position - format.TIMES_OFFSET);
  const openRow = ring.row(open).slice();
  const oldest = Math.max(0, open - ring.periods);
  const indexOfSeat = new Map<number, number>();
  for (let index = oldest; index <= open; index++) {
    indexOfSeat.set((firstSequence + index) % format.seatCount(shape), index);
  }
  return {
    times,
    done: { row: open, times: written },
    encodeSeat(seat: number, page: Buffer): void {
      const index = indexOfSeat.get(seat);
      // After a very long write, a row that was held at the beginning may be gone.
      if (index === undefined || index < ring.closed() - ring.periods) return;
      const row = index === open ? openRow : ring.row(index);
      const start = word(row, 'timesStart');
      const isHeld = start >= Math.max(0, written - SESSION_TIMES_HELD);
      const timesCrc = isHeld ? format.timesCrcOf(times, start + firstTime, word(row, 'settled')) : 0;
      const inFile = rowInFile(row, options);
      format.encodeSeat(page, { sequence: firstSequence + index, periodMs: shape.periodMs, row: inFile, timesCrc });
    },
  };
}
