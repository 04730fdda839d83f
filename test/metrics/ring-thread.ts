/**
 * A worker thread that copies rows of a ring as fast as it can while main closes others. Each closed row has its own
 * sequence number in every word, so a copy made of two rows is noticed.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { openRingReader, type RingShape } from '../../src/metrics/ring.js';
import { ROW_WORDS } from '../../src/metrics/row.js';

export interface RingThreadSetup {
  readonly buffer: SharedArrayBuffer;
  readonly shape: RingShape;
  readonly copyCount: number;
  /** Int32: set to 1 when the copies are done. */
  readonly done: SharedArrayBuffer;
}

export interface RingThreadReport {
  readonly whole: number;
  readonly refused: number;
  readonly torn: number;
}

/** Fills the words of a row. Never 0, because a row that is being opened has zeros. */
export function markOf(sequence: number): number {
  return sequence + 1;
}

if (parentPort) {
  parentPort.postMessage('ready');
  parentPort.once('message', () => parentPort?.postMessage(copyRows(workerData)));
}

function copyRows({ buffer, shape, copyCount, done }: RingThreadSetup): RingThreadReport {
  const reader = openRingReader(buffer, shape);
  const row = new Float64Array(ROW_WORDS);
  const report = { whole: 0, refused: 0, torn: 0 };
  for (let i = 0; i < copyCount; i++) {
    // From the newest closed row to the oldest held.
    const sequence = reader.closed() - 1 - (i % shape.periods);
    if (sequence < 0 || !reader.copyRow(sequence, row)) report.refused++;
    else if (isWhole(row, markOf(sequence))) report.whole++;
    else report.torn++;
  }
  Atomics.store(new Int32Array(done), 0, 1);
  return report;
}

/** A plain loop: there are millions of rows to look at. */
function isWhole(row: Float64Array, mark: number): boolean {
  for (let i = 0; i < row.length; i++) if (row[i] !== mark) return false;
  return true;
}
