/**
 * How long a session may wait for a slot. That time is on another clock than its run time.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { ready, type Server, start } from './server.js';

const RUN_LIMIT_MS = 300;
/** How long the session before it holds the slot. */
const HELD_MS = 1_500;

const test = suite('end-to-end/waiting');
let server: Server;

test.before(async () => {
  server = await start({ WORKERS: '1', CONCURRENT: '1', TIMEOUT: String(RUN_LIMIT_MS), QUEUE_TIMEOUT: '-1' });
  await ready(server);
});

test.after(() => server.stop());

test('with QUEUE_TIMEOUT=-1 a session waits for as long as it takes', async () => {
  const holder = server.post('/content?timeout=10000', { html: 'x', waitForTimeout: HELD_MS });
  const isHeld = async () => JSON.parse(await (await server.get('/sessions')).text()).length === 1;
  await until(isHeld, 10_000, 'the slot to be taken');
  const waiting = await deadline(server.post('/test?operation=null', {}), 10_000, 'the one that waits');
  const waitedMs = Number(/queue;dur=([\d.]+)/.exec(waiting.headers.get('server-timing') ?? '')?.[1]);
  assert.is(waiting.status, 200);
  assert.ok(waitedMs > RUN_LIMIT_MS, `${waitedMs} ms`);
  assert.is((await holder).status, 200);
});

test.run();
