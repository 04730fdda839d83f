/**
 * The history in memory: rows that roll over, rows that stay, session times that lap, and readers on another thread
 * while rows are closed at full speed.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRing, openRingReader, type Ring, ringBytes, SESSION_TIMES_HELD } from '../../src/metrics/ring.js';
import { ROW_WORDS, W, word } from '../../src/metrics/row.js';
import { deadline } from '../deadline.js';
import { markOf, type RingThreadReport, type RingThreadSetup } from './ring-thread.js';

const COPY_COUNT = 3_000_000;

const test = suite('metrics/ring');

test('a new ring has one row, open and empty', () => {
  const ring = createRing({ periods: 3 }, 900);
  assert.is(ring.closed(), 0);
  assert.is(word(ring.open(), 'date'), 900);
  assert.is(
    ring.open().reduce((sum, value) => sum + value),
    900,
  );
  assert.is(ring.buffer.byteLength, ringBytes({ periods: 3 }));
});

test('needs room for a closed row', () => {
  for (const periods of [0, -1, 1.5, Number.NaN]) assert.throws(() => createRing({ periods }, 0), /closed row/);
});

for (const periods of [1, 2, 5]) {
  test(`with ${periods} periods, rolls over and holds that many closed rows`, () => {
    const ring = createRing({ periods }, 0);
    for (let sequence = 0; sequence < 4 * periods + 7; sequence++) {
      assert.is(ring.closed(), sequence);
      const oldest = Math.max(0, sequence - periods);
      for (let held = oldest; held <= sequence; held++) assert.is(word(ring.row(held), 'date'), held * 10);
      assert.throws(() => ring.row(oldest - 1));
      assert.throws(() => ring.row(sequence + 1));
      ring.open()[W.queued] = sequence;
      ring.open()[ROW_WORDS - 1] = 1;
      ring.close((sequence + 1) * 10);
      assert.is(word(ring.open(), 'queued'), 0, 'a row opens empty');
      assert.is(ring.open()[ROW_WORDS - 1], 0);
    }
  });
}

test('a closed row never changes while it is held', () => {
  const periods = 4;
  const ring = createRing({ periods }, 0);
  const kept = new Map<number, Float64Array>();
  const check = (): void => {
    const into = new Float64Array(ROW_WORDS);
    for (const [sequence, row] of kept) {
      assert.is(ring.copyRow(sequence, into), ring.closed() - sequence <= periods);
      if (ring.closed() - sequence > periods) kept.delete(sequence);
      else assert.equal(into, row);
    }
  };
  for (let sequence = 0; sequence < 20; sequence++) {
    ring.open().fill(sequence + 0.5);
    kept.set(sequence, ring.open().slice());
    ring.close(sequence + 1);
    check();
    ring.open().fill(-1);
    ring.pushTime(sequence);
    check();
  }
});

test('copies no row that is not there', () => {
  const ring = createRing({ periods: 2 }, 0);
  const reader = openRingReader(ring.buffer, { periods: 2 });
  const into = new Float64Array(ROW_WORDS);
  assert.equal([reader.copyRow(-1, into), reader.copyRow(0, into), reader.copyRow(1, into)], [false, true, false]);
  for (let date = 1; date <= 3; date++) ring.close(date);
  assert.equal(
    [0, 1, 2, 3, 4].map((sequence) => reader.copyRow(sequence, into)),
    [false, true, true, true, false],
  );
  assert.is(reader.closed(), 3);
});

test('a copy that a closing row overtook is refused', () => {
  const ring = createRing({ periods: 2 }, 0);
  const into = new Float64Array(ROW_WORDS);
  // The copy itself closes rows: as many as leave the row held, and one more.
  const overtaking = (rows: number): Float64Array =>
    Object.assign(new Float64Array(ROW_WORDS), {
      set: () => {
        for (let i = 0; i < rows; i++) ring.close(ring.closed() + 1);
      },
    });
  assert.is(ring.copyRow(0, overtaking(2)), true);
  ring.close(9);
  const sequence = ring.closed();
  assert.is(ring.copyRow(sequence, overtaking(3)), false);
  assert.is(ring.copyRow(ring.closed(), into), true);
});

test('session times keep their order, over rows', () => {
  const ring = createRing({ periods: 2 }, 0);
  for (const ms of [5, 3, 9]) ring.pushTime(ms);
  ring.close(1);
  assert.is(word(ring.open(), 'timesStart'), 3);
  for (const ms of [1, 2]) ring.pushTime(ms);
  assert.equal([...ring.times(0, 3)], [5, 3, 9]);
  assert.equal([...ring.times(3, 5)], [1, 2]);
  assert.equal([...ring.times(0, 5)], [5, 3, 9, 1, 2]);
  assert.equal([...ring.times(5, 5)], []);
  assert.is(ring.timesWritten(), 5);
});

test('the longest session times that are held are seven weeks', () => {
  const ring = createRing({ periods: 2 }, 0);
  for (const ms of [2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 50]) ring.pushTime(ms);
  assert.equal([...ring.times(0, 4)], [2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]);
});

test('session times lap: the oldest go, the rest stays whole and in order', () => {
  const ring = createRing({ periods: 2 }, 0);
  const pushUpTo = (end: number): void => {
    while (ring.timesWritten() < end) ring.pushTime(ring.timesWritten());
  };
  pushUpTo(SESSION_TIMES_HELD);
  assert.equal(edgesOf(ring.times(0, SESSION_TIMES_HELD)), [SESSION_TIMES_HELD, 0, SESSION_TIMES_HELD - 1]);
  pushUpTo(SESSION_TIMES_HELD + 1);
  assert.equal(edgesOf(ring.times(0, SESSION_TIMES_HELD + 1)), [SESSION_TIMES_HELD, 1, SESSION_TIMES_HELD]);
  assert.is(ring.times(0, 1).length, 0);
  pushUpTo(2.5 * SESSION_TIMES_HELD);
  const all = ring.times(0, ring.timesWritten());
  assert.ok(all.every((ms, i) => ms === 1.5 * SESSION_TIMES_HELD + i));
  assert.is(all.length, SESSION_TIMES_HELD);
  const joint = 2 * SESSION_TIMES_HELD;
  assert.equal([...ring.times(joint - 2, joint + 2)], [joint - 2, joint - 1, joint, joint + 1]);
  assert.is(ring.times(0, 1.5 * SESSION_TIMES_HELD).length, 0);
});

test('no row that another thread copied is torn, while rows close at full speed', async () => {
  const shape = { periods: 8 };
  const ring = createRing(shape, 0);
  const done = new SharedArrayBuffer(4);
  const setup: RingThreadSetup = { buffer: ring.buffer, shape, copyCount: COPY_COUNT, done };
  const worker = new Worker(new URL('./ring-thread.js', import.meta.url), { workerData: setup });
  await deadline(once(worker, 'message'), 10_000, 'the thread');
  const reported = once(worker, 'message');
  const exited = once(worker, 'exit');
  worker.postMessage('go');
  closeUntil(ring, () => Atomics.load(new Int32Array(done), 0) === 1, 20_000);
  const [report]: RingThreadReport[] = await deadline(reported, 5000, 'the report');
  await deadline(exited, 5000, 'the exit');
  assert.is(report?.torn, 0);
  assert.ok((report?.whole ?? 0) > 1_000_000, `copies ${JSON.stringify(report)}, rows ${ring.closed()}`);
  assert.ok(ring.closed() > 10_000, `rows ${ring.closed()}`);
});

test.run();

function edgesOf(times: Uint32Array): [length: number, first: number | undefined, last: number | undefined] {
  return [times.length, times.at(0), times.at(-1)];
}

/** Fills and closes row after row without a pause, for at most `limitMs`. */
function closeUntil(ring: Ring, isDone: () => boolean, limitMs: number): void {
  const endMs = performance.now() + limitMs;
  while (!isDone() && performance.now() < endMs) {
    for (let i = 0; i < 100; i++) {
      ring.open().fill(markOf(ring.closed()));
      ring.pushTime(i);
      ring.close(1);
    }
  }
}
