/**
 * How the handshake ends when its time is up, by a clock of the test's.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, systemClock } from '../../src/clock.js';
import { readRequest } from '../../src/egress/request.js';
import { deadline } from '../deadline.js';
import { closed, GREETING, request } from './scene.js';

interface Context {
  client: Socket;
  served: Socket;
  clock: Clock;
  /** Lets the time run out; undefined when nobody waits for that. */
  runOut: (() => void) | undefined;
  limitMs: number;
  close(): void;
}

const test = suite<Context>('egress/request');
const WAIT_MS = 5_000;

test.before.each(async (context) => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, allowHalfOpen: true });
  const [served] = await once(server, 'connection');
  context.served = served.on('error', () => {});
  context.client.on('error', () => {});
  context.clock = {
    ...systemClock,
    after(delayMs, callback) {
      context.limitMs = delayMs;
      context.runOut = callback;
      return () => {
        context.runOut = undefined;
      };
    },
  };
  context.close = () => {
    context.client.destroy();
    served.destroy();
    server.close();
  };
});
test.after.each(({ close }) => close());

test('gives up whoever says nothing, or not all of it, within 10 s', async (context) => {
  const { client, served, clock } = context;
  const reading = readRequest(served, clock);
  assert.is(context.limitMs, 10_000);
  client.write(Buffer.concat([GREETING, request('a.example', 80).subarray(0, 9)]));
  await once(client, 'readable');
  assert.ok(context.runOut);
  context.runOut?.();
  assert.is(await reading, null);
  await closed(served);
});

test('leaves nothing behind when it has the request', async (context) => {
  const { client, served, clock } = context;
  const reading = readRequest(served, clock);
  client.write(Buffer.concat([GREETING, request('a.example', 443), Buffer.from('rest')]));
  const { host, port } = (await deadline(reading, WAIT_MS, 'the request')) ?? {};
  assert.is(`${host}:${port}`, 'a.example:443');
  assert.is(context.runOut, undefined);
  assert.equal([served.listenerCount('data'), served.listenerCount('close')], [0, 0]);
  assert.ok(served.isPaused());
  assert.is(String(served.read()), 'rest');
});

test('gives up whoever goes before', async ({ client, served, clock }) => {
  const reading = readRequest(served, clock);
  client.end(GREETING);
  assert.is(await deadline(reading, WAIT_MS, 'nothing'), null);
  await closed(served);
});

test.run();
