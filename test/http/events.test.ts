/**
 * Streams of events: one event a second for all who listen, and each stream ends by itself after ten minutes.
 */

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEvents } from '../../src/http/events.js';
import { createClient } from '../../src/protocol/client.js';
import { createTimedClock } from '../admission/timed-clock.js';

const test = suite('http/events');
const MINUTE_MS = 60_000;

function scene() {
  const clock = createTimedClock();
  let renderedCount = 0;
  const events = createEvents({ clock, render: () => `${++renderedCount}` });
  /** Returns what has come since the last call; null: the stream has ended. */
  const listen = async () => {
    const { signal, abort } = createClient();
    const raw = new IncomingMessage(new Socket());
    const request = { method: 'GET', headers: {}, params: {}, given: {}, query: new URLSearchParams(), raw };
    const { stream, headers } = await events.handle({ ...request, askForBody() {}, signal });
    assert.ok(stream);
    const read = (): string | null => {
      const chunk: Buffer | null = stream.read();
      return chunk === null && stream.readableEnded ? null : `${chunk ?? ''}`;
    };
    return { headers, leave: abort, read, stream };
  };
  return { clock, events, listen, renderedCount: () => renderedCount };
}

test('an event comes at once and then each second, rendered once for all', async () => {
  const { clock, listen, renderedCount } = scene();
  const one = await listen();
  assert.is(one.headers['X-Accel-Buffering'], 'no');
  assert.is(one.read(), 'data: 1\n\n');
  const other = await listen();
  assert.is(other.read(), 'data: 2\n\n');
  clock.pass(1_000);
  assert.equal([one.read(), other.read()], ['data: 3\n\n', 'data: 3\n\n']);
  one.leave();
  other.leave();
  clock.pass(1_000);
  assert.is(clock.timers(), 0, 'nobody listens');
  assert.is(renderedCount(), 4);
});

test('one that comes when the last has just left has one event a second, not two', async () => {
  const { clock, listen, renderedCount } = scene();
  for (let i = 0; i < 5; i++) (await listen()).leave();
  const one = await listen();
  const before = renderedCount();
  clock.pass(10_000);
  assert.is(renderedCount(), before + 10);
  one.leave();
});

test('a stream ends after ten minutes, whether or not its client is still there; others go on', async () => {
  const { clock, listen } = scene();
  const [gone, first] = [await listen(), await listen()];
  clock.pass(5 * MINUTE_MS);
  const second = await listen();
  first.read();
  clock.pass(5 * MINUTE_MS - 1);
  assert.is(first.stream.readableLength > 0, true);
  first.read();
  clock.pass(1);
  assert.is(first.read(), '');
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(first.read(), null);
  assert.is(gone.stream.destroyed || gone.stream.readableLength > 0, true);
  second.read();
  clock.pass(1_000);
  assert.match(second.read() ?? '', /^data: \d+\n\n$/);
  second.leave();
  clock.pass(1_000);
  assert.is(clock.timers(), 0, 'of none that has ended');
});

test('when the server stops all streams end, and no timer is left', async () => {
  const { clock, events, listen } = scene();
  const one = await listen();
  one.read();
  events.close();
  assert.is(clock.timers(), 0);
  assert.is(one.read(), '');
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(one.read(), null);
});

test.run();
