import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from './deadline.js';

const never = new Promise<never>(() => {});
const test = suite('deadline');

test('settles as the promise does', async () => {
  assert.is(await deadline(Promise.resolve(7), 1000, 'seven'), 7);
  assert.is(await messageOf(deadline(Promise.reject(new Error('broken')), 1000, 'seven')), 'broken');
});

test('rejects after its bound, naming what was waited for', async () => {
  assert.is(await messageOf(deadline(never, 20, 'the answer')), 'the answer: not within 20 ms');
});

test('leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  await deadline(Promise.resolve(), 60_000, 'nothing');
  await until(() => true, 60_000, 'nothing');
  assert.is(timers(), before);
});

test('until gives the first truthy value', async () => {
  const values = [0, '', undefined, 'ready', 'too far'];
  assert.is(await until(() => values.shift(), 1000, 'a value'), 'ready');
  assert.equal(values, ['too far']);
});

test('until is bounded, whether its check is false or hangs, and passes on what it throws', async () => {
  assert.match(await messageOf(until(() => false, 30, 'the flag')), 'the flag: not within');
  assert.match(await messageOf(until(() => never, 30, 'the flag')), 'the flag: not within');
  const broken = (): boolean => {
    throw new Error('broken');
  };
  assert.is(await messageOf(until(broken, 1000, 'the flag')), 'broken');
});

test.run();

function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no rejection',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
