/**
 * The end of the pipe, for those who have calls under way on it. All else about it is tested with a real Chromium.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnection } from '../../../src/worker/cdp/connection.js';
import type { Pipe } from '../../../src/worker/cdp/transport.js';
import { deadline } from '../../deadline.js';

const test = suite('worker/cdp/connection');

function fakePipe(): Pipe & { readonly sent: object[] } {
  const sent: object[] = [];
  return {
    sent,
    send: (message) => void sent.push(message),
    write: () => {},
    backlogBytes: () => 0,
    close: () => {},
    keepsAll: false,
    ondrain: () => {},
    onchunk: () => {},
    onframe: () => {},
    ongiant: () => {},
    onclose: () => {},
  };
}

async function rejection(call: Promise<unknown>): Promise<string> {
  const settled = call.then(
    () => 'it resolved',
    (error: Error) => error.message,
  );
  return await deadline(settled, 1_000, 'the call');
}

test('what is under way when the pipe ends is rejected, and so is what is sent afterwards', async () => {
  const pipe = fakePipe();
  const connection = openConnection(pipe, () => {});
  const underWay = connection.cdp.send('Browser.getVersion');
  const opening = connection.openTab({ width: 1, height: 1, proxyServer: null });
  assert.is(connection.census().calls, 2);
  let isLostFirst = false;
  connection.lost.on(() => {
    isLostFirst = connection.census().calls === 2;
  });
  pipe.onclose();
  assert.is(isLostFirst, true, 'whoever asks why a call failed can know');
  for (const call of [underWay, opening]) assert.is(await rejection(call), 'Target closed');
  const count = pipe.sent.length;
  assert.is(await rejection(connection.cdp.send('Browser.getVersion')), 'Target closed');
  assert.is(await rejection(connection.openTab({ width: 1, height: 1, proxyServer: null })), 'Target closed');
  assert.is(pipe.sent.length, count, 'nothing is written into a pipe that has ended');
  assert.equal(connection.census(), { calls: 0, contexts: 0, sessions: 0, pages: 0, listeners: 0 });
});

test('whatever comes is a sign of life, also a part of a frame', () => {
  const pipe = fakePipe();
  const connection = openConnection(pipe, () => {});
  const before = connection.signCount();
  for (let i = 0; i < 2; i++) pipe.onchunk();
  assert.is(connection.signCount() - before, 2);
});

test.run();
