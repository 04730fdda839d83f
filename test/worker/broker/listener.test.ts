/**
 * What a client's socket does when it is ended, over a real Unix socket: nothing in the same turn of the loop, in which
 * main is told why. Seen by bytes that wait, and by what the other end gets later.
 */

import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TICKET_HEADER } from '../../../src/protocol/cdp.js';
import { type ClientSocket, type Listener, openListener } from '../../../src/worker/broker/listener.js';
import { deadline } from '../../deadline.js';
import { makeTempDir } from '../../temp-dir.js';

const WAIT_MS = 10_000;
/** A close frame that says 1001 and `bye`: unmasked, because a server sends it. */
const BYE = Buffer.from([0x88, 5, 0x03, 0xe9, ...Buffer.from('bye')]);
const TOO_BIG = Buffer.from([0x88, 2, 0x03, 0xf1]);
/** A text frame of 9 bytes, masked by zeros. */
const NINE_BYTES = Buffer.from([0x81, 0x89, 0, 0, 0, 0, ...Buffer.from('123456789')]);

interface Scene {
  tempDir: string;
  listener: Listener;
  far: Socket;
  near: ClientSocket;
}

const test = suite<Scene>('worker/broker/listener');

test.before.each(async (scene) => {
  scene.tempDir = makeTempDir('listener');
  scene.listener = await openListener(join(scene.tempDir, 'clients'));
  const coming = new Promise<ClientSocket>((resolve) => void scene.listener.expect('known', 8, resolve));
  scene.far = connect(scene.listener.path);
  scene.far.write(
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n${TICKET_HEADER}: known\r\n\r\n`,
  );
  scene.near = await deadline(coming, WAIT_MS, 'the client');
  const [head] = await deadline(once(scene.far, 'data'), WAIT_MS, 'the answer');
  assert.match(String(head), /^HTTP\/1.1 101 /);
  scene.near.resume();
});

test.after.each(({ far, listener, tempDir }) => {
  far.destroy();
  listener.close();
  rmSync(tempDir, { recursive: true });
});

test('a close frame waits for the end of the turn', async ({ near, far }) => {
  const got = once(far, 'data');
  near.close(1001, 'bye');
  assert.is(near.bufferedAmount, BYE.length);
  assert.equal(await deadline(got, WAIT_MS, 'the frame'), [BYE]);
  assert.is(near.bufferedAmount, 0);
});

test('so does that of a client that sends too much, which is told of at once', async ({ near, far }) => {
  const got = once(far, 'data');
  const told = new Promise<number>((resolve) => near.once('error', () => resolve(near.bufferedAmount)));
  far.write(NINE_BYTES);
  assert.is(await deadline(told, WAIT_MS, 'the error'), TOO_BIG.length);
  assert.equal(await deadline(got, WAIT_MS, 'the frame'), [TOO_BIG]);
});

test('a client that is cut off is so after the turn', async ({ near, far }) => {
  const closed = once(far, 'close');
  near.terminate();
  assert.is(near.readyState, near.OPEN);
  far.resume();
  await deadline(closed, WAIT_MS, 'the end');
  assert.is(near.readyState, near.CLOSED);
});

test.run();
