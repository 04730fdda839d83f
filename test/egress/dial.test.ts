/** Several addresses of one host, by a clock of the test's. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, systemClock } from '../../src/clock.js';
import { parseAddress } from '../../src/egress/addresses.js';
import { dial } from '../../src/egress/dial.js';
import { createGiveUp, type GivenUp } from '../../src/egress/given-up.js';
import { createOwnListeners } from '../../src/egress/own-listeners.js';
import { until } from '../deadline.js';
import { createScene, type Scene, WAIT_MS } from './scene.js';

interface Context {
  scene: Scene;
  /** What the clock will call, until it is cancelled. */
  timers: Map<number, () => void>;
  dialAll(port: number, texts: readonly string[], givenUp?: GivenUp): ReturnType<typeof dial>;
}

const test = suite<Context>('egress/dial');

test.before.each(async (context) => {
  context.scene = await createScene();
  context.timers = new Map();
  let lastTimer = 0;
  const clock: Clock = {
    ...systemClock,
    after(_delayMs, callback) {
      const timer = ++lastTimer;
      context.timers.set(timer, callback);
      return () => context.timers.delete(timer);
    },
  };
  context.dialAll = (port, texts, givenUp = createGiveUp()) =>
    dial({
      addresses: texts.flatMap((text) => parseAddress(text) ?? []),
      port,
      givenUp,
      own: createOwnListeners(),
      clock,
    });
});
test.after.each(({ scene }) => scene.close());

test('tries the next address when one fails, and says which it was', async ({ scene, dialAll, timers }) => {
  const port = await scene.serve(() => {}, '127.0.0.3');
  const { address, socket } = await dialAll(port, ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4']);
  assert.is(address, '127.0.0.3');
  assert.is(timers.size, 0);
  socket.destroy();
});

test('tries the next beside one that takes long; the first to answer is it, the other let go', async (context) => {
  const { scene, dialAll, timers } = context;
  let open = 0;
  const port = await scene.serve((socket) => {
    open++;
    socket.resume().on('close', () => open--);
    socket.on('end', () => socket.end());
  }, '0.0.0.0');
  const dialling = dialAll(port, ['127.0.0.1', '127.0.0.2']);
  for (const callback of [...timers.values()]) callback();
  const { address, socket } = await dialling;
  assert.ok(['127.0.0.1', '127.0.0.2'].includes(address));
  assert.is(timers.size, 0);
  await until(() => open === 1, WAIT_MS, 'one');
  socket.destroy();
  await until(() => open === 0, WAIT_MS, 'none');
});

test('tells the failure that says most when all fail', async ({ scene, dialAll, timers }) => {
  const exit = await scene.open();
  scene.egress.close(exit.exit);
  // The kernel refuses a connection to the broadcast address at once.
  const error = await dialAll(exit.port, ['255.255.255.255', '127.0.0.1']).catch((reason) => reason);
  assert.is(error.refused.netError, 'net::ERR_CONNECTION_REFUSED');
  assert.is(timers.size, 0);
  const unreachable = await dialAll(exit.port, ['255.255.255.255']).catch((reason) => reason);
  assert.is(unreachable.refused.netError, 'net::ERR_ADDRESS_UNREACHABLE');
  assert.is((await dialAll(exit.port, []).catch((reason) => reason)).refused.reason, 'name');
});

test('is given up, before or while', async ({ scene, dialAll, timers }) => {
  const port = await scene.serve((socket) => socket.end());
  const reason = new Error('enough');
  const before = createGiveUp();
  before.happen(reason);
  assert.is(await dialAll(port, ['127.0.0.1'], before).catch((error) => error), reason);
  const giveUp = createGiveUp();
  const dialling = dialAll(port, ['127.0.0.1'], giveUp).catch((error) => error);
  giveUp.happen(reason);
  assert.is(await dialling, reason);
  assert.is(timers.size, 0);
});

test.run();
