/**
 * The way of stat deltas from a worker thread to the main thread: one single-producer single-consumer ring a worker,
 * all in one SharedArrayBuffer. A record is (cell, value, time of writing). Published by one `Atomics.store` of the
 * write cursor, so whatever a thread wrote is there for main, however the thread ended. A full lane counts what it
 * drops; it never blocks.
 *
 * The cursors count records and wrap with Int32, which is why the capacity is a power of two; they are never reset, not
 * even when another thread takes the lane over.
 */
import assert from 'node:assert/strict';
import type { RecordDelta } from './delta.js';

/** Int32 words of a lane's header; 64 bytes apart, so that no two threads write the same cache line. */
const OWNER = 0;
const WRITTEN = 16;
const DROPPED = 17;
const BEATS = 18;
const READ = 32;
const HEADER_WORDS = 48;
/** float64 words of a record: cell, value, when it was written in monotonic ms. */
const RECORD_WORDS = 3;

export interface LaneShape {
  readonly laneCount: number;
  /** Records a lane holds; a power of two. */
  readonly capacity: number;
}

/** Records a lane holds unless said otherwise: 384 KiB, and half a second of the busiest worker measured. */
export const LANE_CAPACITY = 2 ** 14;

export interface LaneReader {
  /** Frees the lane, if `threadId` owns it. Only after draining it. */
  release(threadId: number): void;
  /** Hands every record written so far to `take`, oldest first. Returns how many. Main thread only. */
  drain(take: (cell: number, value: number, writtenAtMs: number) => void): number;
  /** Records dropped ever, because the lane was full. */
  dropped(): number;
  /** Heartbeats ever, of whichever threads have held the lane: that it moves is what counts. */
  beats(): number;
}

export function createLanes({ laneCount, capacity }: LaneShape): SharedArrayBuffer {
  const isPowerOfTwo = capacity > 0 && (capacity & (capacity - 1)) === 0;
  assert(isPowerOfTwo, 'the cursors wrap, so the capacity is a power of two');
  return new SharedArrayBuffer(laneCount * laneBytes(capacity));
}

/**
 * Claims the free lane with the lowest index for a thread, and returns its index.
 * -1 when none is free: there are as many as threads, but a successor may start before main has drained and freed the
 * lane of the dead. The caller tries again.
 */
export function claimLane(buffer: SharedArrayBuffer, shape: LaneShape, threadId: number): number {
  for (let index = 0; index < shape.laneCount; index++) {
    const { header } = views(buffer, shape, index);
    if (Atomics.compareExchange(header, OWNER, 0, threadId) === 0) return index;
  }
  return -1;
}

/** The writing end, for the thread that claimed the lane. `now` gives monotonic ms. */
export function openLaneWriter(
  buffer: SharedArrayBuffer,
  shape: LaneShape,
  options: { readonly index: number; readonly now: () => number },
): RecordDelta {
  const { header, records } = views(buffer, shape, options.index);
  const { now } = options;
  const mask = shape.capacity - 1;
  let written = Atomics.load(header, WRITTEN);
  return (cell, value) => {
    if (((written - Atomics.load(header, READ)) | 0) >= shape.capacity) {
      Atomics.add(header, DROPPED, 1);
      return;
    }
    const at = (written & mask) * RECORD_WORDS;
    records[at] = cell;
    records[at + 1] = value;
    records[at + 2] = now();
    written = (written + 1) | 0;
    Atomics.store(header, WRITTEN, written);
  };
}

/** A sign of life, for the thread that claimed the lane to give again and again. It allocates nothing. */
export function openHeartbeat(buffer: SharedArrayBuffer, shape: LaneShape, index: number): () => void {
  const { header } = views(buffer, shape, index);
  return () => void Atomics.add(header, BEATS, 1);
}

export function openLaneReader(buffer: SharedArrayBuffer, shape: LaneShape, index: number): LaneReader {
  const { header, records } = views(buffer, shape, index);
  const mask = shape.capacity - 1;
  return {
    release: (threadId) => {
      Atomics.compareExchange(header, OWNER, threadId, 0);
    },
    drain(take) {
      const written = Atomics.load(header, WRITTEN);
      const start = Atomics.load(header, READ);
      let read = start;
      while (read !== written) {
        const at = (read & mask) * RECORD_WORDS;
        take(records[at] ?? 0, records[at + 1] ?? 0, records[at + 2] ?? 0);
        read = (read + 1) | 0;
      }
      // Once, not for each record: the writer learns of the room a little later, but keeps its cache line until then.
      Atomics.store(header, READ, read);
      return (read - start) | 0;
    },
    dropped: () => Atomics.load(header, DROPPED) >>> 0,
    beats: () => Atomics.load(header, BEATS),
  };
}

function laneBytes(capacity: number): number {
  return HEADER_WORDS * 4 + capacity * RECORD_WORDS * 8;
}

function views(buffer: SharedArrayBuffer, { capacity }: LaneShape, index: number) {
  const start = index * laneBytes(capacity);
  return {
    header: new Int32Array(buffer, start, HEADER_WORDS),
    records: new Float64Array(buffer, start + HEADER_WORDS * 4, capacity * RECORD_WORDS),
  };
}
