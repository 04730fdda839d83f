/**
 * How long a session waits for its client: with made-up time, and a broker that has no browser. The rest of a session
 * is in `faults.faults.ts`, with real ones.
 */

import { EventEmitter } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LOADING_MISSES_MAX } from '../../../src/pool/heartbeat.js';
import type { ClientOptions } from '../../../src/protocol/cdp.js';
import type { Outcome, Progress } from '../../../src/protocol/job.js';
import { createOnce } from '../../../src/wait.js';
import type { Broker } from '../../../src/worker/broker/broker.js';
import type { ClientSocket } from '../../../src/worker/broker/listener.js';
import { ARRIVAL_LIMIT_MS, serveClient } from '../../../src/worker/broker/serve.js';
import { createTimedClock } from '../../admission/timed-clock.js';
import { deadline, until } from '../../deadline.js';

const WAIT_MS = 10_000;
/** Main looks at a thread's sign once a second. */
const STANDSTILL_MS_MAX = LOADING_MISSES_MAX * 1_000;

const test = suite('worker/broker/serve');

test('a client is waited for longer than a thread may stand still', async () => {
  assert.ok(ARRIVAL_LIMIT_MS >= 2 * STANDSTILL_MS_MAX);
  const session = await begin();
  session.clock.pass(ARRIVAL_LIMIT_MS - 1);
  session.arrive();
  const outcome = await deadline(session.outcome, WAIT_MS, 'the outcome');
  // That it was opened is all that is asked here.
  assert.equal([outcome.isOk, session.opened()], [false, 1]);
  assert.is(session.clock.timers(), 0);
});

test('one that does not come ends the session, and is cut off when it comes too late', async () => {
  const session = await begin();
  session.clock.pass(ARRIVAL_LIMIT_MS);
  const outcome = await deadline(session.outcome, WAIT_MS, 'the outcome');
  assert.is(outcome.isOk ? '' : outcome.code, 'CLIENT_CLOSED');
  assert.is(session.isExpected(), false);
  const late = session.arrive();
  await until(() => late.isTerminated(), WAIT_MS, 'the late one to be cut off');
  assert.is(session.opened(), 0);
});

test.run();

/** A session that waits for its client. */
async function begin() {
  const clock = createTimedClock();
  const told: Progress[] = [];
  let opened = 0;
  let isExpected = false;
  let bring = (_socket: ClientSocket): void => {};
  const broker: Broker = {
    lost: createOnce(),
    path: async () => '/nowhere',
    expect(_ticket, _options, onSocket) {
      bring = onSocket;
      isExpected = true;
      return () => {
        isExpected = false;
      };
    },
    async open() {
      opened++;
      throw new Error('no browser');
    },
    pagesOpen: () => 0,
  };
  const outcome = new Promise<Outcome>((post) => {
    void serveClient({
      job: { kind: 'cdp', body: { ticket: 'x', options: {} as ClientOptions } },
      cancelled: createOnce(),
      post,
      tell: (progress) => told.push(progress),
      broker: () => broker,
      tally: { phase: () => {}, clients: { flush: () => {} } } as never,
      clock,
    });
  });
  await until(() => clock.timers() === 1, WAIT_MS, 'the wait for the client');
  assert.equal(told, [{ kind: 'serving', path: '/nowhere' }]);
  return {
    clock,
    outcome,
    opened: () => opened,
    isExpected: () => isExpected,
    arrive() {
      let isTerminated = false;
      const socket = Object.assign(new EventEmitter(), { terminate: () => (isTerminated = true) });
      bring(socket as unknown as ClientSocket);
      return { isTerminated: () => isTerminated };
    },
  };
}
