/**
 * How the history file is laid out. Pure; the only file that knows an offset. Little-endian, all of it preallocated:
 *
 *   header        one page: magic, version, shape, and in its last four bytes the CRC-32 of all before
 *   session times uint32[SESSION_TIMES_HELD]: the one with number n, ever written, at n % SESSION_TIMES_HELD
 *   seats         periods + 2 pages: row `sequence` is in seat sequence % (periods + 2), whatever its date
 *
 * A seat is `crc, timesCrc: uint32; sequence, periodMs: float64; words: float64[ROW_WORDS]`, zeros to the end of its
 * page; `crc` covers the rest of the page, `timesCrc` the row's own session times. A seat is exactly a page because a
 * process that is killed in the middle of a write leaves whole pages behind: the row that was there, or the new one.
 * The times come before the seats, so that they are found without knowing how many seats there are.
 */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { BUCKET_COUNT } from '../metrics/histogram.js';
import { SESSION_TIMES_HELD } from '../metrics/ring.js';
import { HISTOGRAM_OFFSET, ROW_WORDS } from '../metrics/row.js';

/** Raised only by a change that older code cannot read. Rows with more words at their end can be read. */
const FORMAT_VERSION = 1;
const MAGIC = Buffer.from('headcnt\n', 'latin1');
const HEADER = { version: 8, wordCount: 12, bucketCount: 16, periods: 20, timesHeld: 24, periodMs: 32 } as const;
const SEAT = { crc: 0, timesCrc: 4, sequence: 8, periodMs: 16, words: 24 } as const;

export const PAGE_BYTES = 4096;
export const TIMES_OFFSET = PAGE_BYTES;
export const TIMES_BYTES = SESSION_TIMES_HELD * 4;
export const SEATS_OFFSET = TIMES_OFFSET + TIMES_BYTES;
const HEADER_CRC = PAGE_BYTES - 4;
const EMPTY_PAGE = Buffer.alloc(PAGE_BYTES);

export interface FileShape {
  readonly periods: number;
  readonly periodMs: number;
}

export interface Seat {
  readonly sequence: number;
  readonly periodMs: number;
  /** float64[ROW_WORDS]. */
  readonly row: Float64Array;
  /** CRC-32 of the row's session times; 0 when none of them are held. */
  readonly timesCrc: number;
}

export type Header =
  | { readonly kind: 'ours'; readonly shape: FileShape; readonly wordCount: number }
  | { readonly kind: 'version'; readonly message: string }
  | { readonly kind: 'damaged' | 'foreign' };

export function seatCount({ periods }: FileShape): number {
  return periods + 2;
}

export function seatOffset(shape: FileShape, sequence: number): number {
  return SEATS_OFFSET + (sequence % seatCount(shape)) * PAGE_BYTES;
}

export function fileBytes(shape: FileShape): number {
  return SEATS_OFFSET + seatCount(shape) * PAGE_BYTES;
}

export function encodeHeader({ periods, periodMs }: FileShape): Buffer {
  const page = Buffer.alloc(PAGE_BYTES);
  MAGIC.copy(page);
  page.writeUInt32LE(FORMAT_VERSION, HEADER.version);
  page.writeUInt32LE(HISTOGRAM_OFFSET, HEADER.wordCount);
  page.writeUInt32LE(BUCKET_COUNT, HEADER.bucketCount);
  page.writeUInt32LE(periods, HEADER.periods);
  page.writeUInt32LE(SESSION_TIMES_HELD, HEADER.timesHeld);
  page.writeDoubleLE(periodMs, HEADER.periodMs);
  page.writeUInt32LE(crc32(page.subarray(0, HEADER_CRC)), HEADER_CRC);
  return page;
}

/** What the first page of a file says, as far as it is there. */
export function decodeHeader(page: Buffer): Header {
  const magicLength = Math.min(page.length, MAGIC.length);
  if (!page.subarray(0, magicLength).equals(MAGIC.subarray(0, magicLength))) return { kind: 'foreign' };
  if (page.length < PAGE_BYTES) return { kind: 'damaged' };
  if (page.readUInt32LE(HEADER_CRC) !== crc32(page.subarray(0, HEADER_CRC))) return { kind: 'damaged' };
  const version = page.readUInt32LE(HEADER.version);
  if (version !== FORMAT_VERSION)
    return { kind: 'version', message: `is of version ${version}, not ${FORMAT_VERSION}` };
  const wordCount = page.readUInt32LE(HEADER.wordCount);
  const isReadable =
    wordCount <= HISTOGRAM_OFFSET &&
    page.readUInt32LE(HEADER.bucketCount) === BUCKET_COUNT &&
    page.readUInt32LE(HEADER.timesHeld) === SESSION_TIMES_HELD;
  if (!isReadable) return { kind: 'version', message: 'has rows of another shape' };
  const shape = { periods: page.readUInt32LE(HEADER.periods), periodMs: page.readDoubleLE(HEADER.periodMs) };
  return { kind: 'ours', shape, wordCount };
}

/** Writes a seat into a page of zeros, or over another seat. */
export function encodeSeat(page: Buffer, { sequence, periodMs, row, timesCrc }: Seat): void {
  assert(row.length === ROW_WORDS && SEAT.words + row.byteLength <= PAGE_BYTES);
  page.writeUInt32LE(timesCrc, SEAT.timesCrc);
  page.writeDoubleLE(sequence, SEAT.sequence);
  page.writeDoubleLE(periodMs, SEAT.periodMs);
  wordsOf(page, ROW_WORDS).set(row);
  page.writeUInt32LE(seatCrc(page), SEAT.crc);
}

/** `wordCount` comes from the header: a row of an earlier release has 0 in words that were added later. */
export function decodeSeat(page: Buffer, wordCount: number): Seat | 'empty' | 'damaged' {
  if (page.equals(EMPTY_PAGE)) return 'empty';
  if (page.length < PAGE_BYTES || page.readUInt32LE(SEAT.crc) !== seatCrc(page)) return 'damaged';
  const words = wordsOf(page, wordCount + BUCKET_COUNT);
  const row = new Float64Array(ROW_WORDS);
  row.set(words.subarray(0, wordCount));
  row.set(words.subarray(wordCount), HISTOGRAM_OFFSET);
  return {
    sequence: page.readDoubleLE(SEAT.sequence),
    periodMs: page.readDoubleLE(SEAT.periodMs),
    row,
    timesCrc: page.readUInt32LE(SEAT.timesCrc),
  };
}

/** CRC-32 of the session times [start, start + count), by number; `region` holds all of them. */
export function timesCrcOf(region: Buffer, start: number, count: number): number {
  const from = (start % SESSION_TIMES_HELD) * 4;
  const to = from + count * 4;
  const head = crc32(region.subarray(from, Math.min(to, TIMES_BYTES)));
  return to <= TIMES_BYTES ? head : crc32(region.subarray(0, to - TIMES_BYTES), head);
}

/** The `timesStart` of a row whose session times are lost: a number so low that none of them can be held. */
export function lostTimesStart(settled: number): number {
  return -(SESSION_TIMES_HELD + settled);
}

function seatCrc(page: Buffer): number {
  return crc32(page.subarray(SEAT.timesCrc, PAGE_BYTES));
}

/** Pages begin at multiples of their size, in buffers of their own, so the words are aligned. */
function wordsOf(page: Buffer, count: number): Float64Array {
  return new Float64Array(page.buffer, page.byteOffset + SEAT.words, count);
}
