/**
 * What is told of sessions while they wait or run, of sessions that an operator has ended, and of requests that never
 * became one.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { checkIdentities } from './identities.js';
import { atRest, ready, type Server, start, withToken } from './server.js';

const test = suite('end-to-end/told');
const WAIT_MS = 20_000;
const TOKEN = 'a-token-of-this-test';
const AS_CLIENT = { headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' } };
let server: Server;
let pages: Pages;

test.before(async () => {
  pages = await startPages();
  server = await start({ CONCURRENT: '1', QUEUE_LENGTH: '2', TIMEOUT: '15000', TOKEN, TRUST_PROXY: '127.0.0.1' });
  await ready(server);
});

test.after(async () => {
  await server.stop();
  await pages.close();
});

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await (await server.get(path, AS_CLIENT)).text());
}

interface Seen {
  readonly id: string;
  readonly trackingId: string;
  readonly state: string;
  readonly phase: string | null;
  readonly worker: number | null;
  readonly host: string | null;
  readonly startedAt: number | null;
  readonly ageMs: number;
}

test('sessions that wait are shown, with what the others are at, and end by their trackingId', async () => {
  await atRest(withToken(server, TOKEN));
  const send = (trackingId: string, path: string): Promise<Response> =>
    server.post(`/content?trackingId=${trackingId}`, { url: pages.url(path) }, AS_CLIENT);
  const running = send('first', '/never');
  const at = async (trackingId: string): Promise<Seen | undefined> =>
    (await json<Seen[]>('/sessions')).find((one) => one.trackingId === trackingId);
  await until(async () => (await at('first'))?.phase === 'navigate', WAIT_MS, 'the first to load its page');
  const waiting = send('second', '/long');
  await until(async () => (await at('second')) !== undefined, WAIT_MS, 'the second to wait');
  const seen = await json<Seen[]>('/sessions');
  assert.equal(
    seen.map(({ trackingId, state, phase, host }) => [trackingId, state, phase, host]),
    [
      ['first', 'running', 'navigate', `127.0.0.1:${pages.port}`],
      ['second', 'waiting', null, `127.0.0.1:${pages.port}`],
    ],
  );
  const [one, two] = seen;
  assert.ok(one && two);
  assert.equal([typeof one.worker, typeof one.startedAt], ['number', 'number']);
  assert.equal([two.worker, two.startedAt], [null, null]);
  assert.ok(two.ageMs >= 0 && two.ageMs <= one.ageMs);

  assert.is((await server.get('/kill/second', AS_CLIENT)).status, 204);
  const ended = await deadline(waiting, WAIT_MS, 'the second to be ended');
  assert.is(ended.status, 500);
  assert.is(JSON.parse(await ended.text()).error.code, 'SESSION_KILLED');
  const [told] = await json<Record<string, unknown>[]>('/failures?last=1');
  assert.equal([told?.['trackingId'], told?.['code'], told?.['reason']], ['second', 'SESSION_KILLED', 'abandoned']);
  assert.is((await server.get('/kill/second', AS_CLIENT)).status, 404);

  const third = send('third', '/');
  await until(async () => (await at('third'))?.state === 'waiting', WAIT_MS, 'the third to wait');
  assert.is((await server.get('/kill/all', AS_CLIENT)).status, 204);
  for (const one of [running, third]) assert.is((await deadline(one, WAIT_MS, 'its end')).status, 500);
  await atRest(withToken(server, TOKEN));
});

test('what /kill/all would mean is no name for a session', async () => {
  const response = await server.post('/content?trackingId=all', { html: 'x' }, AS_CLIENT);
  assert.is(response.status, 400);
  assert.match(await response.text(), /trackingId/);
  const allowed = await server.post('/content?trackingId=all2', { html: 'x' }, AS_CLIENT);
  await allowed.arrayBuffer();
  assert.is(allowed.status, 200);
});

test('a request refused before it became a session has a line', async () => {
  const from = server.logged.length;
  const answers = [
    await server.get('/metrics'),
    await server.post('/content?token=not-the-one', { html: 'x' }),
    await server.post('/content', { url: 'file:///etc/passwd?a=b' }, AS_CLIENT),
    await server.post('/content', '{', { ...AS_CLIENT }),
    await server.get('/nothing/of-somebody', AS_CLIENT),
  ];
  for (const answer of answers) await answer.arrayBuffer();
  const lines = server.logged.slice(from).filter((line) => line.endsWith(' request refused'));
  const told = lines.map((line) => JSON.parse(line.slice(0, -' request refused'.length)));
  assert.equal(
    told.map(({ route, method, status, code }) => `${method} ${route} ${status} ${code}`),
    [
      'GET /metrics 401 UNAUTHORIZED',
      'POST /content 401 UNAUTHORIZED',
      'POST /content 400 BAD_REQUEST',
      'POST /content 400 BAD_REQUEST',
      'GET other 404 NOT_FOUND',
    ],
  );
  for (const { client } of told) assert.is(client, '127.0.0.1');
  assert.not.match(lines.join(), 'not-the-one');
  assert.not.match(lines.join(), 'of-somebody');
});

test('what a page logs is not told when its browser dies', async () => {
  await atRest(withToken(server, TOKEN));
  const script = 'console.log("of-a-page", "second\\nline-of-a-page"); throw new Error(location.href)';
  const url = pages.url('/?secret=of-a-page');
  const response = server.post('/content', { html: `<script>${script}</script>`, waitForTimeout: 0 }, AS_CLIENT);
  await (await deadline(response, WAIT_MS, 'a page that logs')).arrayBuffer();
  await (await deadline(server.post('/content', { url }, AS_CLIENT), WAIT_MS, 'another')).arrayBuffer();
  const pids = server.headcount.browserPids().filter((pid) => pid !== null);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  const isTold = (): boolean => server.logged.filter((line) => line.endsWith(' browser gone')).length >= pids.length;
  await until(async () => isTold(), WAIT_MS, 'word of the browsers');
  assert.equal(
    server.logged.filter((line) => line.includes('of-a-page')),
    [],
  );
  await ready(server);
});

test('the books are even', async () => {
  const asked = withToken(server, TOKEN);
  await atRest(asked);
  await checkIdentities(asked);
});

test.run();
