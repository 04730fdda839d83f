/**
 * The way of stat deltas from a worker thread to the main thread. Each worker has a ring with one producer and one
 * consumer, and all are in one SharedArrayBuffer. A record is (cell, value, time of writing). One `Atomics.store` of
 * the write cursor publishes it, so main gets whatever a thread wrote, however the thread ended. A full lane counts
 * what it drops; it never blocks.
 *
 * The cursors count records and wrap with Int32, so the capacity must be a power of two. They are never reset, not even
 * when another thread takes over the lane.
 */
import assert from 'node:assert/strict';
import type { RecordDelta } from './delta.js';

/** Int32 words of a lane's header. They are 64 bytes apart, so that no two threads write the same cache line. */
const OWNER = 0;
const WRITTEN = 16;
const DROPPED = 17;
const BEATS = 18;
const READ = 32;
const HEADER_WORDS = 48;
/** float64 words of a record: cell, value, and the monotonic ms when it was written. */
const RECORD_WORDS = 3;

export interface LaneShape {
  readonly laneCount: number;
  /** How many records a lane holds; a power of two. */
  readonly capacity: number;
}

/** The default number of records: 768 KiB, a second of the busiest worker that was measured. */
export const LANE_CAPACITY = 2 ** 15;

export interface LaneReader {
  /** Frees the lane when `threadId` owns it. Drain it first. */
  release(threadId: number): void;
  /** Hands every record written so far to `take`, oldest first. Returns how many. Main thread only. */
  drain(take: (cell: number, value: number, writtenAtMs: number) => void): number;
  /** How many records were ever dropped because the lane was full. */
  dropped(): number;
  /** How many heartbeats there ever were, by all threads that have held the lane. Only whether it grows matters. */
  beats(): number;
}

export function createLanes({ laneCount, capacity }: LaneShape): SharedArrayBuffer {
  const isPowerOfTwo = capacity > 0 && (capacity & (capacity - 1)) === 0;
  assert(isPowerOfTwo, 'the cursors wrap, so the capacity is a power of two');
  return new SharedArrayBuffer(laneCount * laneBytes(capacity));
}

/**
 * Claims the free lane with the lowest index for a thread, and returns its index; -1 when none is free. There are as
 * many lanes as threads. But a successor may start before main has drained and freed the dead thread's lane; then the
 * caller tries again.
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

/** For the thread that claimed the lane: gives a sign of life each time it is called. It allocates nothing. */
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
      // Once for all records: the writer learns a little later that there is room, but keeps its cache line until then.
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
