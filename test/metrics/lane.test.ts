/**
 * The way of deltas between threads: order, wrapping, a full lane, owners, and two real threads at full speed, one of
 * which is killed while it writes.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  claimLane,
  createLanes,
  type LaneReader,
  type LaneShape,
  openLaneReader,
  openLaneWriter,
} from '../../src/metrics/lane.js';
import { deadline } from '../deadline.js';
import { cellFor, type LaneThreadReport, type LaneThreadSetup } from './lane-thread.js';

type Written = [cell: number, value: number, writtenAtMs: number];

/** Int32 words of a lane's header. */
const WRITTEN = 16;
const READ = 32;
const MILLION = 1_000_000;

const test = suite('metrics/lane');

test('hands over what was written, in order, once', () => {
  const { write, take } = openLane({ laneCount: 1, capacity: 8 });
  assert.equal(take(), []);
  write(3, 1.5);
  write(1, 2 ** 53);
  write(3, 0);
  assert.equal(take(), [
    [3, 1.5, 1000],
    [1, 2 ** 53, 1001],
    [3, 0, 1002],
  ]);
  assert.equal(take(), []);
});

test('goes round many times, with every number of waiting records', () => {
  const { write, take, reader } = openLane({ laneCount: 1, capacity: 8 });
  let next = 0;
  for (let round = 0; round < 100; round++) {
    const first = next;
    const count = round % 9;
    for (let i = 0; i < count; i++) write(0, next++);
    assert.equal(
      take().map(([, value]) => value),
      Array.from({ length: count }, (_, i) => first + i),
    );
  }
  assert.is(reader.dropped(), 0);
});

test('a full lane drops the new record, counts it, and keeps the old ones', () => {
  const { write, take, reader } = openLane({ laneCount: 1, capacity: 4 });
  for (let value = 0; value < 4; value++) write(0, value);
  assert.is(reader.dropped(), 0, 'exactly as many as it holds');
  write(0, 4);
  write(0, 5);
  assert.is(reader.dropped(), 2);
  assert.equal(valuesOf(take()), [0, 1, 2, 3]);
  write(0, 6);
  assert.equal(valuesOf(take()), [6]);
  assert.is(reader.dropped(), 2);
});

for (const start of [2 ** 31 - 3, 2 ** 32 - 3]) {
  test(`the cursors wrap at ${start + 3}`, () => {
    const { write, take, reader } = openLane({ laneCount: 1, capacity: 4 }, start | 0);
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 4; i++) write(0, round * 4 + i);
      write(0, -1);
      assert.equal(
        valuesOf(take()),
        [0, 1, 2, 3].map((i) => round * 4 + i),
      );
    }
    assert.equal(take(), [], 'all of them, once');
    assert.is(reader.dropped(), 6);
  });
}

test('the capacity is a power of two', () => {
  for (const capacity of [3, 12, 1000, 0, -8]) {
    assert.throws(() => createLanes({ laneCount: 1, capacity }), /power of two/, String(capacity));
  }
});

test('lanes do not touch each other', () => {
  const shape = { laneCount: 3, capacity: 2 };
  const buffer = createLanes(shape);
  const ends = [0, 1, 2].map((index) => openLane(shape, 0, { buffer, index }));
  for (const [i, end] of ends.entries()) for (let n = 0; n <= i; n++) end.write(i, n);
  assert.equal(
    ends.map(({ take }) => take().map(([cell]) => cell)),
    [[0], [1, 1], [2, 2]],
  );
  assert.equal(
    ends.map(({ reader }) => reader.dropped()),
    [0, 0, 1],
  );
});

test('a thread claims the first free lane, and only its owner frees it', () => {
  const shape = { laneCount: 2, capacity: 2 };
  const buffer = createLanes(shape);
  const [first, second] = [0, 1].map((index) => openLaneReader(buffer, shape, index));
  assert.is(claimLane(buffer, shape, 71), 0);
  assert.is(claimLane(buffer, shape, 72), 1);
  assert.is(claimLane(buffer, shape, 73), -1);
  first?.release(72);
  second?.release(71);
  assert.is(claimLane(buffer, shape, 73), -1, 'not their lanes');
  first?.release(71);
  assert.is(claimLane(buffer, shape, 73), 0);
  second?.release(72);
  assert.is(claimLane(buffer, shape, 71), 1);
});

test('a successor goes on where the last owner stopped', () => {
  const shape = { laneCount: 1, capacity: 4 };
  const buffer = createLanes(shape);
  const first = openLane(shape, 0, { buffer, index: 0 });
  for (let value = 0; value < 3; value++) first.write(0, value);
  const second = openLane(shape, null, { buffer, index: 0 });
  second.write(0, 3);
  assert.equal(valuesOf(first.take()), [0, 1, 2, 3]);
  assert.equal(second.take(), []);
});

test('a million records of another thread: none lost, none twice, none out of order', async () => {
  const shape = { laneCount: 1, capacity: 2 ** 10 };
  const buffer = createLanes(shape);
  const worker = startThread({ buffer, shape, recordCount: MILLION });
  const reported = once(worker, 'message');
  const exited = once(worker, 'exit');
  const reader = openLaneReader(buffer, shape, 0);
  const check = createCheck();
  await deadline(
    drainUntil(reader, check, () => check.next >= MILLION),
    20_000,
    'a million records',
  );
  const [report]: LaneThreadReport[] = await deadline(reported, 5000, 'the report');
  await deadline(exited, 5000, 'the exit');
  assert.is(reader.drain(check.take), 0);
  assert.is(check.wrong, 0);
  assert.is(check.next, MILLION);
  assert.is(reader.dropped(), report?.fullCount, 'what did not fit was counted, each time');
});

test('all that a thread wrote before it was terminated is there, whole, and its successor goes on', async () => {
  const shape = { laneCount: 1, capacity: 2 ** 10 };
  const buffer = createLanes(shape);
  const reader = openLaneReader(buffer, shape, 0);
  for (let life = 0; life < 5; life++) {
    const check = createCheck();
    const worker = startThread({ buffer, shape, recordCount: Number.POSITIVE_INFINITY });
    const { threadId } = worker;
    await deadline(
      drainUntil(reader, check, () => check.next > 5000),
      10_000,
      'the first records',
    );
    assert.is(claimLane(buffer, shape, threadId + 1), -1, 'it is taken');
    await deadline(worker.terminate(), 5000, 'the end of the thread');
    reader.drain(check.take);
    assert.is(check.wrong, 0);
    assert.is(reader.drain(check.take), 0, `life ${life}`);
    reader.release(threadId);
    assert.is(claimLane(buffer, shape, threadId), 0, 'it is free');
    reader.release(threadId);
  }
});

test.run();

interface Place {
  readonly buffer: SharedArrayBuffer;
  readonly index: number;
}

/** Both ends of a lane. `start` is where its cursors begin; null: where they are. */
function openLane(shape: LaneShape, start: number | null = 0, place?: Place) {
  const { buffer, index } = place ?? { buffer: createLanes(shape), index: 0 };
  if (start !== null && index === 0) {
    const header = new Int32Array(buffer);
    header[WRITTEN] = start;
    header[READ] = start;
  }
  let nowMs = 1000;
  const reader = openLaneReader(buffer, shape, index);
  const write = openLaneWriter(buffer, shape, { index, now: () => nowMs++ });
  const take = (): Written[] => {
    const taken: Written[] = [];
    const count = reader.drain((...written) => taken.push(written));
    assert.is(count, taken.length);
    return taken;
  };
  return { reader, write, take };
}

function valuesOf(written: readonly Written[]): number[] {
  return written.map(([, value]) => value);
}

function startThread(setup: LaneThreadSetup): Worker {
  return new Worker(new URL('./lane-thread.js', import.meta.url), { workerData: setup });
}

/** Checks that the numbers come one after the other, each with its cell, and that their times never fall. */
function createCheck() {
  let lastMs = 0;
  const check = {
    next: 0,
    wrong: 0,
    take(cell: number, value: number, writtenAtMs: number): void {
      if (value !== check.next || cell !== cellFor(value) || !(writtenAtMs >= lastMs)) check.wrong++;
      check.next++;
      lastMs = writtenAtMs;
    },
  };
  return check;
}

/** Drains until `isEnough`, or something is wrong. Lets messages through in between. */
async function drainUntil(
  reader: LaneReader,
  check: ReturnType<typeof createCheck>,
  isEnough: () => boolean,
): Promise<void> {
  while (!isEnough() && check.wrong === 0) {
    reader.drain(check.take);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
