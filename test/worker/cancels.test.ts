import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCancels } from '../../src/worker/cancels.js';

const test = suite('worker/cancels');

/** What has come of it by now: promises that have settled win a race with one that just does. */
async function isCancelled(cancelled: Promise<null>): Promise<boolean> {
  return await Promise.race([cancelled.then(() => true), Promise.resolve(false).then(() => false)]);
}

test('cancels the session that is meant, and no other', async () => {
  const cancels = createCancels();
  const first = cancels.begin(1);
  const second = cancels.begin(2);
  cancels.cancel(1);
  assert.equal([await isCancelled(first), await isCancelled(second)], [true, false]);
});

test('keeps word of a session whose job has not come yet', async () => {
  const cancels = createCancels();
  cancels.begin(4);
  cancels.cancel(6);
  assert.is(await isCancelled(cancels.begin(5)), false);
  assert.is(await isCancelled(cancels.begin(6)), true);
});

test('word of a session that has ended means nothing', async () => {
  const cancels = createCancels();
  const ended = cancels.begin(3);
  cancels.end(3);
  cancels.cancel(3);
  assert.is(await isCancelled(ended), false);
});

test.run();
