/**
 * What the page says of its connection, over a stream that the test opens, ends and breaks.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { followEvents } from '../../src/page/stream.js';
import { until } from '../deadline.js';

const test = suite('page/stream');
const WAIT_MS = 5_000;

function scene() {
  const opened: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>[] = [];
  const told: string[] = [];
  const refusals: Error[] = [];
  const stream = followEvents({
    async open(signal) {
      const refusal = refusals.shift();
      if (refusal) throw refusal;
      return new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(controller) {
          opened.push(controller);
          signal.addEventListener('abort', () => controller.error(signal.reason));
        },
      });
    },
    onState: ({ kind, ...rest }) => told.push('message' in rest ? `${kind}: ${rest.message}` : kind),
    onEvent: (data) => told.push(data),
  });
  const connection = async (number: number) => await until(() => opened[number - 1], WAIT_MS, `connection ${number}`);
  return {
    stream,
    told,
    refusals,
    connection,
    async send(number: number, data: string): Promise<void> {
      (await connection(number)).enqueue(new TextEncoder().encode(`data: ${data}\n\n`));
      await until(() => told.at(-1) === data, WAIT_MS, data);
    },
  };
}

test('a connection that the server ends in order is had anew, without a word', async () => {
  const { stream, told, connection, send } = scene();
  stream.restart();
  await send(1, 'one');
  (await connection(1)).close();
  await send(2, 'two');
  stream.stop();
  assert.equal(told, ['connecting', 'live', 'one', 'two']);
});

test('when the next one cannot be had it is lost, and live again at the next event', async () => {
  const { stream, told, connection, refusals, send } = scene();
  stream.restart();
  await send(1, 'one');
  refusals.push(new TypeError('refused'));
  (await connection(1)).close();
  await send(2, 'two');
  stream.stop();
  assert.equal(told, ['connecting', 'live', 'one', 'lost: the server does not answer', 'live', 'two']);
});

test('one that breaks is lost, and so is one that ends before anything has come', async () => {
  const { stream, told, connection, send } = scene();
  stream.restart();
  (await connection(1)).close();
  await send(2, 'two');
  (await connection(2)).error(new TypeError('broken'));
  await send(3, 'three');
  stream.stop();
  const ended = 'lost: the server has ended the connection';
  assert.equal(told, ['connecting', ended, 'live', 'two', 'lost: the server does not answer', 'live', 'three']);
});

test.run();
