/**
 * Bodies as they come, in pieces of any size, and the memory that they hold together.
 */

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bodies, BodiesFull, createBodies } from '../../src/http/body.js';
import { deadline } from '../deadline.js';

const test = suite('http/body');
const WAIT_MS = 5_000;

function open(bodies: Bodies, declared?: number) {
  const message = new IncomingMessage(new Socket());
  if (declared !== undefined) message.headers = { 'content-length': String(declared) };
  const body = deadline(bodies.read(message), WAIT_MS, 'the body').then(String, (error: unknown) => error);
  return { message, body };
}

test('a body is what was sent, whatever pieces it comes in', async () => {
  for (const size of [1, 7, 1_000, 5_000]) {
    const { message, body } = open(createBodies(5_000));
    const sent = Array.from({ length: 5_000 }, (_, i) => String(i % 10)).join('');
    for (let at = 0; at < sent.length; at += size) message.push(sent.slice(at, at + size));
    message.push(null);
    assert.is(await body, sent);
  }
});

test('who would pass what all may hold is refused, and no other; what is over is not held', async () => {
  const bodies = createBodies(1_000, 1_500);
  const first = open(bodies, 1_000);
  first.message.push('x');
  const second = open(bodies, 501);
  second.message.push('x');
  assert.instance(await second.body, BodiesFull);
  const third = open(bodies, 500);
  third.message.push('y'.repeat(500));
  third.message.push(null);
  assert.is(await third.body, 'y'.repeat(500));
  first.message.destroy();
  assert.match(String(await first.body), 'ended early');
  for (let i = 0; i < 3; i++) {
    const { message, body } = open(bodies);
    message.push('z'.repeat(1_000));
    message.push(null);
    assert.is(await body, 'z'.repeat(1_000));
  }
});

test('what is only declared is not held beyond a first piece', async () => {
  const bodies = createBodies(1_000_000, 1_000_000);
  const slow = Array.from({ length: 10 }, () => open(bodies, 1_000_000));
  for (const { message } of slow) message.push('x');
  const { message, body } = open(bodies, 5);
  message.push('small');
  message.push(null);
  assert.is(await body, 'small');
  for (const one of slow) one.message.destroy();
  await Promise.all(slow.map((one) => one.body));
});

test.run();
