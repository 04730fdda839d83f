/**
 * Records from a worker thread to main: at least 1 million a second through a lane, without allocation. Compared with
 * `postMessage` of one object for each record, the plain way between threads.
 */

import { Worker } from 'node:worker_threads';
import { createLanes, LANE_CAPACITY, type LaneReader, openLaneReader, openLaneWriter } from '../../src/metrics/lane.js';
import { bytesEach, isQuick, median, ratioOf } from '../measure.js';
import type { BenchRow } from '../row.js';
import type { LaneBenchOrder, LaneBenchSetup } from './lane-thread.js';

const ROUNDS = isQuick() ? 2 : 5;
const MILLION = 1_000_000;
const LANE_RECORDS = 3 * MILLION;
const MESSAGES = 200_000;
const SHAPE = { laneCount: 1, capacity: LANE_CAPACITY };

export async function run(): Promise<BenchRow[]> {
  const buffer = createLanes(SHAPE);
  const reader = openLaneReader(buffer, SHAPE, 0);
  const setup: LaneBenchSetup = { buffer, shape: SHAPE };
  const worker = new Worker(new URL('./lane-thread.js', import.meta.url), { workerData: setup });
  const laneRates: number[] = [];
  const messageRates: number[] = [];
  try {
    await throughMessages(worker, 1000);
    for (let round = 0; round < ROUNDS; round++) {
      laneRates.push(await rateOf(LANE_RECORDS, () => throughLane(worker, reader, LANE_RECORDS)));
      messageRates.push(await rateOf(MESSAGES, () => throughMessages(worker, MESSAGES)));
    }
  } finally {
    await worker.terminate();
  }
  const [lane, message] = [median(laneRates), median(messageRates)];
  const bytes = bytesEach(createWriteAndDrain(), MILLION);
  return [
    {
      claim: 'records a second from a thread through a lane',
      ours: lane,
      compared: { with: 'postMessage', value: message },
      ratio: ratioOf(lane, message),
      target: '>= 1 million',
      isMet: lane >= MILLION,
    },
    {
      claim: 'bytes allocated a record, written and drained',
      ours: bytes,
      compared: null,
      ratio: null,
      target: '< 1, noise',
      isMet: bytes < 1,
      isCount: true,
    },
  ];
}

async function rateOf(recordCount: number, send: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await send();
  return (recordCount / (performance.now() - startMs)) * 1000;
}

async function throughLane(worker: Worker, reader: LaneReader, recordCount: number): Promise<void> {
  const order: LaneBenchOrder = { way: 'lane', recordCount };
  worker.postMessage(order);
  let sum = 0;
  const take = (_cell: number, value: number): void => {
    sum += value;
  };
  for (let taken = 0; taken < recordCount; ) {
    taken += reader.drain(take);
    await new Promise((resolve) => setImmediate(resolve));
  }
  checkSum(sum, recordCount);
}

async function throughMessages(worker: Worker, recordCount: number): Promise<void> {
  const order: LaneBenchOrder = { way: 'message', recordCount };
  let sum = 0;
  let taken = 0;
  await new Promise<void>((resolve) => {
    const take = ({ value }: { value: number }): void => {
      sum += value;
      if (++taken < recordCount) return;
      worker.off('message', take);
      resolve();
    };
    worker.on('message', take);
    worker.postMessage(order);
  });
  checkSum(sum, recordCount);
}

function checkSum(sum: number, recordCount: number): void {
  const expected = (recordCount * (recordCount - 1)) / 2;
  if (sum !== expected) throw new Error(`records were lost: the sum is ${sum}, not ${expected}`);
}

function createWriteAndDrain(): (times: number) => void {
  const buffer = createLanes(SHAPE);
  const record = openLaneWriter(buffer, SHAPE, { index: 0, now: () => 1 });
  const reader = openLaneReader(buffer, SHAPE, 0);
  const take = (): void => {};
  return (times) => {
    for (let i = 0; i < times; i++) {
      record(1, i);
      if (i % SHAPE.capacity === SHAPE.capacity - 1) reader.drain(take);
    }
    reader.drain(take);
  };
}
