/**
 * Reads what is at the path of the history file: a file of ours with its good rows, or something else. A row counts
 * when its checksum is right, wherever the rest of the file is broken. When only its session times are damaged it keeps
 * its figures. Writes nothing. Main thread.
 */
import type { FileHandle } from 'node:fs/promises';
import { type RestoredRows, SESSION_TIMES_HELD } from '../metrics/ring.js';
import { HISTOGRAM_OFFSET, W, word } from '../metrics/row.js';
import { codeOf, type Files, type FlushFailureReason, messageOf, readAt, reasonOf } from './files.js';
import type { FileShape, Seat } from './format.js';
import * as format from './format.js';

/** The most seats that are looked at: more than the most periods that can be set. */
const SEATS_MAX = 100_002;
const SEATS_AT_ONCE = 256;
const IMPORT_BYTES_MAX = 256 * 1024 * 1024;
/** After a kill, so many session times may have been written over older ones without belonging to a row. */
const LAPPED_UNSEEN = 2 ** 16;

export interface RecoveredFile extends RestoredRows {
  readonly kind: 'ring';
  /** From the header; null when that is damaged. */
  readonly shape: FileShape | null;
  /** Of the last row; the first row ever has 0. -1 when there is none. */
  readonly lastSequence: number;
  /** ms that a row covers. Taken from the rows when the header is damaged. */
  readonly periodMs: number | null;
  /** What is broken, for people; empty when nothing is. */
  readonly damage: readonly string[];
  /** Whether its rows have fewer words than ours. Then our rows cannot be written beside them. */
  readonly isOlder: boolean;
  /** When it was last written, epoch ms. */
  readonly modifiedEpochMs: number;
}

export type Found =
  | { readonly kind: 'missing' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'version'; readonly message: string }
  | { readonly kind: 'unusable'; readonly reason: FlushFailureReason; readonly message: string }
  | RecoveredFile;

/** Never rejects. */
export async function inspectFile(files: Files, path: string): Promise<Found> {
  try {
    const stat = await files.stat(path);
    // Checked before the file is opened, because opening a pipe would wait for its other end.
    if (!stat.isFile()) return { kind: 'unusable', reason: 'unusable', message: 'is not a file' };
    if (stat.size === 0) return { kind: 'empty' };
    const handle = await files.open(path, 'r');
    try {
      return await readFound(handle, { size: stat.size, modifiedEpochMs: stat.mtimeMs });
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'missing' };
    return { kind: 'unusable', reason: reasonOf(error), message: `cannot be read: ${messageOf(error)}` };
  }
}

interface FileFacts {
  readonly size: number;
  readonly modifiedEpochMs: number;
}

async function readFound(handle: FileHandle, facts: FileFacts): Promise<Found> {
  const page = Buffer.alloc(Math.min(format.PAGE_BYTES, facts.size));
  await readAt(handle, page, 0);
  const header = format.decodeHeader(page);
  if (header.kind === 'version') return header;
  if (header.kind === 'foreign' && /^\uFEFF?\s*[[{]/.test(page.toString('utf8'))) return await readText(handle, facts);
  const recovered = await recover(handle, facts, header);
  // A header can lose its magic, too. A file with neither the magic nor a single row was never ours, and is left alone.
  if (header.kind === 'foreign' && recovered.lastSequence < 0) {
    return { kind: 'unusable', reason: 'unusable', message: 'is not a history file' };
  }
  return recovered;
}

async function readText(handle: FileHandle, { size }: FileFacts): Promise<Found> {
  if (size > IMPORT_BYTES_MAX) {
    return { kind: 'unusable', reason: 'unusable', message: `is over ${IMPORT_BYTES_MAX} bytes of text` };
  }
  const bytes = Buffer.alloc(size);
  const length = await readAt(handle, bytes, 0);
  return { kind: 'text', text: bytes.toString('utf8', 0, length) };
}

async function recover(handle: FileHandle, facts: FileFacts, header: format.Header): Promise<RecoveredFile> {
  const shape = header.kind === 'ours' ? header.shape : null;
  const wordCount = header.kind === 'ours' ? header.wordCount : HISTOGRAM_OFFSET;
  const damage: string[] = [];
  if (!shape) damage.push('its header is damaged');
  else if (facts.size !== format.fileBytes(shape)) {
    damage.push(`it has ${facts.size} bytes instead of ${format.fileBytes(shape)}`);
  }
  const region = Buffer.alloc(format.TIMES_BYTES);
  await readAt(handle, region, format.TIMES_OFFSET);
  const { seats, badCount } = await readSeats(handle, facts, { shape, wordCount });
  if (badCount > 0) damage.push(`${badCount} of its rows are damaged`);

  const last = seats.at(-1);
  const timesWritten = seats.reduce((most, { row }) => Math.max(most, endOfTimes(row)), 0);
  const lostCount = seats.filter((seat) => loseBadTimes(seat, region, timesWritten)).length;
  if (lostCount > 0) damage.push(`the session times of ${lostCount} of its rows are damaged`);
  return {
    kind: 'ring',
    shape,
    rows: seats.map(({ row }) => row),
    times: new Uint32Array(region.buffer, region.byteOffset, SESSION_TIMES_HELD),
    timesWritten,
    lastSequence: last?.sequence ?? -1,
    periodMs: shape?.periodMs ?? last?.periodMs ?? null,
    damage,
    isOlder: wordCount < HISTOGRAM_OFFSET,
    modifiedEpochMs: facts.modifiedEpochMs,
  };
}

/** The good rows that belong together, by their sequence numbers. */
async function readSeats(
  handle: FileHandle,
  { size }: FileFacts,
  { shape, wordCount }: { readonly shape: FileShape | null; readonly wordCount: number },
): Promise<{ readonly seats: Seat[]; readonly badCount: number }> {
  const count = Math.min(Math.floor((size - format.SEATS_OFFSET) / format.PAGE_BYTES), SEATS_MAX);
  const chunk = Buffer.alloc(SEATS_AT_ONCE * format.PAGE_BYTES);
  const bySequence = new Map<number, Seat>();
  let badCount = 0;
  for (let index = 0; index < count; index++) {
    const at = index % SEATS_AT_ONCE;
    if (at === 0) await readAt(handle, chunk, format.SEATS_OFFSET + index * format.PAGE_BYTES);
    const seat = format.decodeSeat(chunk.subarray(at * format.PAGE_BYTES, (at + 1) * format.PAGE_BYTES), wordCount);
    if (seat === 'empty') continue;
    const isMisplaced = seat !== 'damaged' && shape !== null && seat.sequence % format.seatCount(shape) !== index;
    if (seat === 'damaged' || isMisplaced) badCount++;
    else bySequence.set(seat.sequence, seat);
  }
  const seats = [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
  const last = seats.at(-1);
  // As many as were shown. A seat beyond them has a row that had expired. Or its row is of the lap before, because it
  // missed its turn while the disk was full.
  const oldest = (last?.sequence ?? 0) - (shape ? shape.periods + 1 : count);
  return {
    badCount,
    seats: seats.filter(({ sequence, periodMs }) => sequence > oldest && periodMs === last?.periodMs),
  };
}

/** The number behind the last of its session times. */
function endOfTimes(row: Float64Array): number {
  const start = word(row, 'timesStart');
  return start < 0 ? 0 : start + word(row, 'settled');
}

/**
 * Takes from a row session times that are not what was written. Returns whether they are damaged, and not merely
 * overwritten.
 */
function loseBadTimes({ row, timesCrc }: Seat, region: Buffer, timesWritten: number): boolean {
  const start = word(row, 'timesStart');
  const settled = word(row, 'settled');
  if (settled === 0 || start < 0) return false;
  const oldestHeld = timesWritten - SESSION_TIMES_HELD;
  if (start >= oldestHeld && format.timesCrcOf(region, start, settled) === timesCrc) return false;
  row[W.timesStart] = format.lostTimesStart(settled);
  return start >= oldestHeld + LAPPED_UNSEEN;
}
