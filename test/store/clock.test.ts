/**
 * A clock that was wrong while rows were written to the file. After a restart with a right clock they are dated anew,
 * and what was there before is there again.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFakeClock } from '../metrics/fake-clock.js';
import { checkSums, type Folder, type Life, makeFolder, PERIOD_MS, START_MS, startLife } from './life.js';

const test = suite<{ folder: Folder }>('store, a wrong clock');

test.before.each((context) => {
  context.folder = makeFolder('clock');
});
test.after.each(({ folder }) => folder.remove());

async function stop(life: Life): Promise<void> {
  await life.history.close();
}

test('rows from 2106 are dated anew after a restart, and the true ones are there again', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const farMs = 83 * 365 * 86_400_000;
  const datesAndTimes = (life: Life) => life.shown().map(({ date, sessionTimes }) => [date, sessionTimes]);
  const first = await startLife({ path, periods: 20 });
  for (const ms of [1, 2]) {
    first.session(ms);
    first.nextPeriod();
  }
  first.clock.step(farMs);
  first.fold.roll();
  for (const ms of [3, 4, 5]) {
    first.session(ms);
    first.nextPeriod();
  }
  await stop(first);
  assert.equal(datesAndTimes(first)[0]?.[1], [3], 'the true ones are hidden, as too old');

  const { clock } = first;
  const wrong = await startLife({ path, periods: 20, clock });
  wrong.session(6);
  await stop(wrong);
  clock.step(-farMs);
  const expected = [
    [START_MS, [1]],
    [START_MS + PERIOD_MS, [2]],
    [START_MS + 2 * PERIOD_MS, []],
    [START_MS + 3 * PERIOD_MS, [3, 4]],
    [START_MS + 4 * PERIOD_MS, [5]],
    [START_MS + 5 * PERIOD_MS, [6, 7]],
  ];
  const right = await startLife({ path, periods: 20, clock });
  right.fold.roll();
  right.session(7);
  assert.equal(datesAndTimes(right), expected);
  await stop(right);
  const again = await startLife({ path, periods: 20, clock });
  assert.equal(datesAndTimes(again), expected, 'for good');
  checkSums(again.ring);
  await stop(again);
});

test('a clock that was behind at the start, as without a battery, costs no row', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(1);
  first.nextPeriod();
  first.session(2);
  await stop(first);
  const booted = await startLife({ path, clock: createFakeClock(30_000) });
  booted.fold.roll();
  booted.session(3);
  await stop(booted);
  const { clock } = first;
  clock.pass(2 * PERIOD_MS);
  const right = await startLife({ path, clock });
  assert.equal(
    right.shown().map(({ date, sessionTimes }) => [(Number(date) - START_MS) / PERIOD_MS, sessionTimes]),
    [
      [0, [1]],
      [1, [2]],
      [3, [3]],
    ],
  );
  await stop(right);
});

test.run();
