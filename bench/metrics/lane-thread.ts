/**
 * The writing end of the lane benchmark, in a thread. Each time it is asked, it sends so many records, through a lane
 * or as messages.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../src/clock.js';
import { type LaneShape, openLaneReader, openLaneWriter } from '../../src/metrics/lane.js';

export interface LaneBenchSetup {
  readonly buffer: SharedArrayBuffer;
  readonly shape: LaneShape;
}

export interface LaneBenchOrder {
  readonly way: 'lane' | 'message';
  readonly recordCount: number;
}

const FULL_WAIT_MS = 1;

if (parentPort) {
  const port = parentPort;
  const { buffer, shape }: LaneBenchSetup = workerData;
  const record = openLaneWriter(buffer, shape, { index: 0, now: systemClock.monotonicMs });
  const { dropped } = openLaneReader(buffer, shape, 0);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  port.on('message', ({ way, recordCount }: LaneBenchOrder) => {
    if (way === 'message') {
      const now = systemClock.monotonicMs;
      for (let i = 0; i < recordCount; i++) port.postMessage({ cell: 1, value: i, writtenAtMs: now() });
      return;
    }
    // What found no room is written again, so that all records arrive; a worker would drop them.
    let droppedCount = dropped();
    for (let i = 0; i < recordCount; ) {
      record(1, i);
      if (dropped() === droppedCount) i++;
      else {
        droppedCount = dropped();
        Atomics.wait(sleeper, 0, 0, FULL_WAIT_MS);
      }
    }
  });
}
