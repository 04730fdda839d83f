/**
 * The history across restarts: what comes back, what goes on, and what becomes of files that are not as expected.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SESSION_TIMES_HELD } from '../../src/metrics/ring.js';
import { encodeHeader, fileBytes, PAGE_BYTES } from '../../src/store/format.js';
import { createFakeClock } from '../metrics/fake-clock.js';
import { checkSums, type Folder, type Life, makeFolder, PERIOD_MS, START_MS, startLife } from './life.js';

const test = suite<{ folder: Folder }>('store/history');

test.before.each((context) => {
  context.folder = makeFolder('history');
});
test.after.each(({ folder }) => folder.remove());

async function stop(life: Life): Promise<void> {
  await life.history.close();
}

test('what is written comes back, and the open row goes on where it stopped', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  assert.is(first.history.restored, null);
  first.session(1200);
  first.session(900, 'timeout');
  first.nextPeriod();
  first.session(50);
  first.start();
  first.clock.pass(60_000);
  first.fold.roll();
  const before = first.rows();
  await stop(first);

  const second = await startLife({ path, clock: first.clock });
  assert.equal(second.rows(), [before[0], { ...before[1], running: 0 }]);
  assert.is(before[1]?.['running'], 1);
  second.session(70);
  second.clock.pass(30_000);
  second.fold.roll();
  const live = second.rows().at(-1);
  assert.equal([live?.['successful'], live?.sessionTimes], [2, [50, 70]]);
  assert.is(live?.['maxConcurrent'], 1);
  assert.is(second.ring.open()[24], 90_000, 'the time that the server was up for goes on');
  second.nextPeriod();
  second.session(1);
  await stop(second);

  const third = await startLife({ path, clock: second.clock });
  assert.equal(
    third.rows().map(({ sessionTimes }) => sessionTimes),
    [[1200, 900], [50, 70], [1]],
  );
  checkSums(third.ring);
  assert.equal(third.failures, []);
  await stop(third);
  assert.equal(readdirSync(folder.path), ['headcount.ring']);
});

test('a period in which the server was down has no row, and rows of before stay', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(10);
  await stop(first);
  first.clock.pass(3 * PERIOD_MS);
  const second = await startLife({ path, clock: first.clock });
  assert.equal(
    second.rows().map(({ date, successful }) => [date, successful]),
    [
      [START_MS, 1],
      [START_MS + 3 * PERIOD_MS, 0],
    ],
  );
  await stop(second);
});

test('a clock that was set back while it was down goes on in the last row, for a period at most', async ({
  folder,
}) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(10);
  await stop(first);
  const second = await startLife({ path, clock: createFakeClock(START_MS - PERIOD_MS) });
  second.session(20);
  assert.equal(second.rows().at(-1)?.sessionTimes, [10, 20]);
  assert.ok(second.fold.untilRollMs() <= PERIOD_MS);
  second.nextPeriod();
  assert.equal(
    second.rows().map(({ date }) => date),
    [START_MS, START_MS + PERIOD_MS],
  );
  await stop(second);
});

test('the file is whole and never grows; rows lap', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const life = await startLife({ path, periods: 3 });
  await life.history.flush();
  const bytes = fileBytes({ periods: 3, periodMs: PERIOD_MS });
  assert.is(statSync(path).size, bytes);
  assert.ok(statSync(path).blocks * 512 >= bytes, 'not sparse');
  for (let i = 0; i < 11; i++) {
    life.session(i + 1);
    await life.history.flush();
    life.nextPeriod();
    if (i % 3 === 0) await life.history.flush();
  }
  const before = life.rows();
  await stop(life);
  assert.is(statSync(path).size, bytes);
  const again = await startLife({ path, periods: 3, clock: life.clock });
  assert.equal(again.rows(), before);
  assert.equal(
    before.map(({ sessionTimes }) => sessionTimes),
    [[9], [10], [11], []],
  );
  await stop(again);
});

test('session times lap in the file as they do in the ring', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const life = await startLife({ path });
  for (let i = 0; i < SESSION_TIMES_HELD - 3; i++) life.session(7);
  life.nextPeriod();
  life.session(1);
  await life.history.flush();
  for (const ms of [2, 3, 4, 5, 6]) life.session(ms);
  await stop(life);
  const again = await startLife({ path, clock: life.clock });
  const [lapped, live] = again.rows();
  assert.equal(live?.sessionTimes, [1, 2, 3, 4, 5, 6]);
  assert.is(lapped?.['successful'], SESSION_TIMES_HELD - 3);
  assert.is(lapped?.['sessionTimesDropped'], SESSION_TIMES_HELD - 3, 'what cannot be checked is not shown');
  checkSums(again.ring);
  assert.is(again.logs.filter((line) => line.startsWith('error')).length, 0, 'lapping is no damage');
  await stop(again);
});

test('writes nothing when nothing is new', async ({ folder }) => {
  const life = await startLife({ path: folder.of('headcount.ring') });
  life.session(5);
  await life.history.flush();
  await life.history.flush();
  assert.is(life.flushesMs.length, 1);
  life.session(6);
  await life.history.flush();
  assert.is(life.flushesMs.length, 2);
  await stop(life);
  await life.history.flush();
  await stop(life);
  assert.is(life.flushesMs.length, 3);
});

test('a changed number of rows keeps what fits', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path, periods: 6 });
  for (let i = 1; i <= 6; i++) {
    first.session(i);
    first.nextPeriod();
  }
  first.session(7);
  await stop(first);
  const fewer = await startLife({ path, periods: 2, clock: first.clock });
  assert.equal(
    fewer.rows().map(({ sessionTimes }) => sessionTimes),
    [[5], [6], [7]],
  );
  await stop(fewer);
  const more = await startLife({ path, periods: 9, clock: first.clock });
  assert.equal(
    more.rows().map(({ sessionTimes }) => sessionTimes),
    [[5], [6], [7]],
  );
  more.nextPeriod();
  more.session(8);
  await stop(more);
  const last = await startLife({ path, periods: 9, clock: first.clock });
  assert.equal(last.rows().at(-1)?.sessionTimes, [8]);
  assert.is(last.rows().length, 4);
  await stop(last);
  assert.equal(readdirSync(folder.path), ['headcount.ring'], 'nothing is put aside');
});

test('another period, another version and an unknown shape are put aside', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(1);
  await stop(first);
  const minutes = await startLife({ path, periodMs: 60_000, clock: first.clock });
  assert.is(minutes.history.restored, null);
  minutes.session(2);
  await stop(minutes);
  assert.ok(existsSync(`${path}.period-1`));
  assert.match(minutes.logs.join('\n'), /300000 ms, not 60000/);
  assert.match(minutes.logs.join('\n'), /is now .*\.period-1/);

  const header = encodeHeader({ periods: 4, periodMs: 60_000 });
  header.writeUInt32LE(99, 8);
  writeFileSync(path, Buffer.concat([withCrc(header), Buffer.alloc(100_000)]));
  const other = await startLife({ path, periodMs: 60_000, clock: first.clock });
  assert.is(other.history.restored, null);
  await stop(other);
  assert.match(other.logs.join('\n'), /version 99/);
  assert.is(statSync(`${path}.version-1`).size, 104_096);
  const again = await startLife({ path, periodMs: 60_000, clock: first.clock });
  assert.is(again.history.restored?.rows.length, 1);
  await stop(again);
});

test('a folder, somebody else’s file, and text that is no history are left alone', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const contents: Readonly<Record<string, Buffer | null>> = {
    folder: null,
    text: Buffer.from('root:x:0:0\n'),
    object: Buffer.from('{"name":"headcount"}\n'),
    binary: Buffer.alloc(6_000_000, 0x9d),
  };
  for (const [name, content] of Object.entries(contents)) {
    const place = `${path}-${name}`;
    if (content) writeFileSync(place, content);
    else mkdirSync(place);
    const life = await startLife({ path: place });
    life.session(5);
    await life.history.flush();
    assert.equal(life.rows().at(-1)?.sessionTimes, [5], 'it serves');
    assert.is(life.history.restored, null);
    assert.equal([life.failures, life.flushesMs], [['unusable'], []]);
    assert.match(life.logs.join('\n'), new RegExp(`error .*${name}.* kept in memory`));
    await stop(life);
    if (content) assert.ok(readFileSync(place).equals(content));
  }
  assert.is(readdirSync(folder.path).length, 4);
});

test('an empty file is ours to fill, a folder that is missing is made', async ({ folder }) => {
  const path = folder.of('state/headcount/headcount.ring');
  const first = await startLife({ path });
  await stop(first);
  assert.is(statSync(path).mode & 0o777, 0o600);
  const empty = folder.of('empty.ring');
  writeFileSync(empty, '');
  const life = await startLife({ path: empty });
  life.session(1);
  await stop(life);
  assert.ok(statSync(empty).size > PAGE_BYTES);
});

test('a file that is removed is made anew with all rows', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const life = await startLife({ path });
  life.session(1);
  await life.history.flush();
  folder.remove();
  mkdirSync(folder.path);
  life.nextPeriod();
  life.session(2);
  await life.history.flush();
  life.session(3);
  await stop(life);
  const again = await startLife({ path, clock: life.clock });
  assert.equal(
    again.rows().map(({ sessionTimes }) => sessionTimes),
    [[1], [2, 3]],
  );
  await stop(again);
});

test.run();

/** The header with the checksum that a release of that version would have given it. */
function withCrc(header: Buffer): Buffer {
  header.writeUInt32LE(crc32(header.subarray(0, PAGE_BYTES - 4)), PAGE_BYTES - 4);
  return header;
}
