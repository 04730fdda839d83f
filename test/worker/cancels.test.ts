import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { End } from '../../src/wait.js';
import { createCancels } from '../../src/worker/cancels.js';

const test = suite('worker/cancels');

function isCancelled(cancelled: End): boolean {
  let has = false;
  cancelled.on(() => {
    has = true;
  })();
  return has;
}

test('cancels the session that is meant, and no other', () => {
  const cancels = createCancels();
  const first = cancels.begin(1);
  const second = cancels.begin(2);
  cancels.cancel(1);
  assert.equal([isCancelled(first), isCancelled(second)], [true, false]);
});

test('keeps word of a session whose job has not come yet', () => {
  const cancels = createCancels();
  cancels.begin(4);
  cancels.cancel(6);
  assert.is(isCancelled(cancels.begin(5)), false);
  assert.is(isCancelled(cancels.begin(6)), true);
});

test('word of a session that has ended means nothing', () => {
  const cancels = createCancels();
  const ended = cancels.begin(3);
  cancels.end(3);
  cancels.cancel(3);
  assert.is(isCancelled(ended), false);
});

test.run();
