/**
 * The order of stopping, over rooms that only say what is asked of them, and a clock that stands still.
 */

import { createServer } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type StopOptions, salvage, stopInOrder } from '../../src/server/stop.js';
import { createTimedClock, type TimedClock } from '../admission/timed-clock.js';
import { deadline } from '../deadline.js';

const test = suite('server/stop');
const WAIT_MS = 5_000;

interface Scene {
  readonly options: StopOptions;
  readonly clock: TimedClock;
  readonly done: string[];
  /** The last session's slot becomes free. */
  idle(): void;
}

function scene(over: Partial<Record<'leadMs' | 'drainTimeoutMs', number>> = {}, fails: readonly string[] = []): Scene {
  const clock = createTimedClock();
  const done: string[] = [];
  let idle = (): void => {};
  const say = (what: string): void => void done.push(what);
  const asked = (what: string) => async () => {
    say(what);
    if (fails.includes(what)) throw new Error(`${what} failed`);
  };
  const log = (...given: unknown[]): void => say(`log ${String(given.at(-1))}`);
  const options = {
    clock,
    log: { trace: log, debug: log, info: log, warn: log, error: log, fatal: log },
    leadMs: 0,
    drainTimeoutMs: 1_000,
    ...over,
    onDraining: () => say('draining'),
    admission: {
      drain() {
        say('drain');
        return new Promise<void>((resolve) => (idle = resolve));
      },
      killAll: (message: string) => say(`kill: ${message}`),
      active: () => [],
    },
    edge: createServer(),
    events: { close: () => say('events') },
    shards: { stop: asked('shards'), killNow: () => say('kill browsers') },
    pool: { destroy: asked('pool') },
    wayOut: { stop: asked('way out') },
    deadEnd: { close: () => {} },
    core: { stop: asked('core') },
    temp: { remove: asked('temp') },
  };
  // Real rooms have more functions than stopping needs.
  return { options: options as unknown as StopOptions, clock, done, idle: () => idle() };
}

/** Lets all promises go on that can. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

const END = ['events', 'shards', 'pool', 'way out', 'core', 'temp'];

test('sessions finish, then all else stops in order; asked again, it is the same stop', async () => {
  const { options, done, idle } = scene();
  const stop = stopInOrder(options);
  const first = stop();
  assert.is(stop(), first);
  await turn();
  assert.equal(done, ['draining', 'drain'], 'nothing before they have finished');
  idle();
  await deadline(first, WAIT_MS, 'the stop');
  assert.equal(done, ['draining', 'drain', ...END]);
  await stop();
  assert.is(done.length, 2 + END.length);
});

test('when the time to drain is over, what runs is killed, and given a moment to go', async () => {
  const { options, clock, done, idle } = scene({ drainTimeoutMs: 1_000 });
  const stopping = stopInOrder(options)();
  await turn();
  clock.pass(999);
  await turn();
  assert.equal(done, ['draining', 'drain']);
  clock.pass(1);
  await turn();
  assert.equal(done.slice(2), [
    'log the time to drain is over; the sessions are killed',
    'kill: the server is shutting down',
  ]);
  idle();
  await deadline(stopping, WAIT_MS, 'the stop');
  assert.equal(done.slice(4), END);
});

test('sessions whose contexts never go do not hold it up for more than 6 s', async () => {
  const { options, clock, done } = scene({ drainTimeoutMs: 0 });
  const stopping = stopInOrder(options)();
  await turn();
  clock.pass(0);
  await turn();
  clock.pass(5_999);
  await turn();
  assert.not.ok(done.includes('events'));
  clock.pass(1);
  await deadline(stopping, WAIT_MS, 'the stop');
  assert.equal(done.slice(-END.length), END);
});

test('before it drains it says for a while that it will, if it listens', async () => {
  const { options, clock, done, idle } = scene({ leadMs: 500 });
  await new Promise<void>((resolve) => options.edge.listen(0, '127.0.0.1', resolve));
  const stopping = stopInOrder(options)();
  await turn();
  clock.pass(499);
  await turn();
  assert.equal(done, ['draining']);
  clock.pass(1);
  await turn();
  assert.equal(done, ['draining', 'drain']);
  idle();
  await deadline(stopping, WAIT_MS, 'the stop');
  assert.not.ok(options.edge.listening);
  const silent = scene({ leadMs: 500 });
  void stopInOrder(silent.options)();
  await turn();
  assert.equal(silent.done, ['draining', 'drain'], 'nobody could have asked it');
});

test('a folder that cannot be removed is said, and no reason not to stop', async () => {
  const { options, done, idle } = scene({}, ['temp']);
  const stopping = stopInOrder(options)();
  await turn();
  idle();
  await deadline(stopping, WAIT_MS, 'the stop');
  assert.is(done.at(-1), 'log the temporary folder stays');
});

test('after a bug what runs is settled, and books and history are kept, whatever else fails', async () => {
  const whole = scene();
  await deadline(salvage(whole.options), WAIT_MS, 'the salvage');
  assert.equal(whole.done, ['kill: the server ended by a bug', 'kill browsers', 'core', 'temp']);
  const broken = scene({}, ['core']);
  await deadline(salvage(broken.options), WAIT_MS, 'the salvage');
  assert.is(broken.done.at(-1), 'log not all could be kept');
});

test('a salvage that hangs is given up after 3 s', async () => {
  const { options, clock, done } = scene();
  const hanging = { ...options, core: { stop: () => new Promise<void>(() => {}) } };
  const salvaging = salvage(hanging);
  await turn();
  clock.pass(3_000);
  await deadline(salvaging, WAIT_MS, 'the salvage');
  assert.is(done.at(-1), 'log not all could be kept in time');
});

test.run();
