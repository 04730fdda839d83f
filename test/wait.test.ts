/**
 * Waits end by what comes first, and leave nothing where they have waited.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../src/clock.js';
import { createOnce, createRecurring, type End, isWithin, limit, waitFor } from '../src/wait.js';
import { createTimedClock } from './admission/timed-clock.js';
import { deadline } from './deadline.js';

const test = suite('wait');
const never = new Promise<never>(() => {});

function fail(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

async function rejection(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'it resolved',
    (error: Error) => error.message,
  );
}

test('settles as the work does, when that comes first', async () => {
  const end = createOnce();
  assert.is(await waitFor(Promise.resolve(1), [end, () => 2]), 1);
  assert.is(await rejection(waitFor(Promise.reject(new Error('failed')), [end, () => 2])), 'failed');
  assert.is(end.listenerCount(), 0);
});

test('settles as the first of the endings says, which may throw', async () => {
  const [first, second] = [createOnce(), createOnce()];
  const waiting = waitFor(never, [first, () => 'first'], [second, () => 'second']);
  second.happen();
  first.happen();
  assert.is(await waiting, 'second');
  const failing = waitFor(null, [createOnce(), () => 1], [limit(systemClock, 1), fail('too late')]);
  assert.is(await rejection(deadline(failing, 5_000, 'the limit')), 'too late');
});

test('what has happened already ends it at once, and nothing is listened to any more', async () => {
  const [past, other] = [createOnce(), createOnce()];
  past.happen();
  assert.is(await waitFor(never, [other, () => 'other'], [past, () => 'past']), 'past');
  assert.is(other.listenerCount(), 0);
  assert.is(past.hasHappened(), true);
  let heard = 0;
  past.on(() => heard++);
  past.happen();
  assert.is(heard, 1, 'once, however often it is said');
});

test('thousands of waits leave nothing at what lives longer than they do', async () => {
  const [lost, crashes] = [createOnce(), createRecurring()];
  for (let i = 0; i < 5_000; i++) {
    const own = createOnce();
    const waits = [
      waitFor(Promise.resolve(i), [lost, () => -1], [crashes, () => -2]),
      waitFor(Promise.reject(new Error('x')), [lost, () => -1], [crashes, () => -2]).catch(() => {}),
      waitFor(null, [lost, () => -1], [own, () => i], [crashes, () => -2]),
    ];
    own.happen();
    await Promise.all(waits);
  }
  assert.equal([lost.listenerCount(), crashes.listenerCount()], [0, 0]);
});

test('a wait that is over hears no more: not of a second ending, not of work that fails later', async () => {
  let reject = (_error: Error): void => {};
  const work = new Promise<never>((_resolve, no) => {
    reject = no;
  });
  const again = createRecurring();
  let said = 0;
  const waiting = waitFor(work, [again, () => ++said]);
  again.happen();
  again.happen();
  assert.is(await waiting, 1);
  // Nobody waits for it any more. If nobody heard it either, it would end the process.
  reject(new Error('later'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(said, 1);
});

test('the same function may listen twice, and be taken away once', () => {
  const again = createRecurring();
  let heard = 0;
  const listener = (): void => {
    heard++;
  };
  const off = again.on(listener);
  again.on(listener);
  again.happen();
  off();
  off();
  again.happen();
  assert.is(heard, 3);
  assert.is(again.listenerCount(), 1);
});

test('a listener that takes another away, or adds one, disturbs nobody', async () => {
  const end = createOnce();
  const heard: string[] = [];
  const offs: (() => void)[] = [];
  end.on(() => {
    heard.push('a');
    for (const off of offs) off();
    end.on(() => heard.push('late'));
  });
  offs.push(end.on(() => heard.push('b')));
  end.happen();
  assert.equal(heard.sort(), ['a', 'b', 'late']);
});

test('a limit is taken away with the wait that it was for', async () => {
  const clock = createTimedClock();
  assert.is(await isWithin(clock, 1_000, Promise.resolve()), true);
  assert.is(clock.timers(), 0);
  const late = isWithin(clock, 1_000, never);
  assert.is(clock.timers(), 1);
  clock.pass(999);
  clock.pass(1);
  assert.is(await late, false);
  assert.is(clock.timers(), 0);
  assert.is(await rejection(isWithin(clock, 1_000, Promise.reject(new Error('broken')))), 'broken');
  assert.is(clock.timers(), 0);
});

test('an end that is told of as it is subscribed to is taken away too', async () => {
  let held = 0;
  const immediate: End = {
    on(listener) {
      held++;
      listener();
      return () => held--;
    },
  };
  assert.is(await waitFor(never, [immediate, () => 1]), 1);
  assert.is(held, 0);
});

test.run();
