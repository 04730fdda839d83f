/**
 * A worker thread that claims a lane and writes records 0, 1, 2 … into it, until it has written enough or for ever. A
 * record that finds the lane full is written again, so main must see every number once.
 */

import { parentPort, threadId, workerData } from 'node:worker_threads';
import { systemClock } from '../../src/clock.js';
import { claimLane, type LaneShape, openLaneReader, openLaneWriter } from '../../src/metrics/lane.js';

export interface LaneThreadSetup {
  readonly buffer: SharedArrayBuffer;
  readonly shape: LaneShape;
  /** Infinity: until it is terminated. */
  readonly recordCount: number;
}

export interface LaneThreadReport {
  readonly index: number;
  /** How often the lane was full. */
  readonly fullCount: number;
}

/** The cell that belongs to a value, so a record made of two others is noticed. */
export function cellFor(value: number): number {
  return (value * 7) % 1009;
}

const FULL_WAIT_MS = 1;

if (parentPort) parentPort.postMessage(writeAll(workerData));

function writeAll({ buffer, shape, recordCount }: LaneThreadSetup): LaneThreadReport {
  const index = claimLane(buffer, shape, threadId);
  if (index === -1) throw new Error('no lane is free');
  const record = openLaneWriter(buffer, shape, { index, now: systemClock.monotonicMs });
  const { dropped } = openLaneReader(buffer, shape, index);
  const droppedBefore = dropped();
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  let droppedSoFar = droppedBefore;
  for (let value = 0; value < recordCount; ) {
    record(cellFor(value), value);
    if (dropped() === droppedSoFar) value++;
    else {
      droppedSoFar = dropped();
      Atomics.wait(sleeper, 0, 0, FULL_WAIT_MS);
    }
  }
  return { index, fullCount: droppedSoFar - droppedBefore };
}
