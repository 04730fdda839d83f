/**
 * Sessions over WebSocket by real clients, on a real server. Puppeteer and Playwright are counted, queued and ended,
 * and things die under them.
 */

import { readdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import puppeteer, { type Browser } from 'puppeteer-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { deadline, until } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { open, sendAndRead, upgradeRequest } from '../http/raw-socket.js';
import { checkIdentities } from './identities.js';
import { atRest, ready, type Server, start, total, withToken } from './server.js';

const test = suite('end-to-end/websocket');
const WAIT_MS = 20_000;
const TOKEN = 'secret';
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
let server: Server;
let asked: Server;
let pages: Pages;

test.before(async () => {
  pages = await startPages();
  server = await start({ TOKEN, CONCURRENT: '3', QUEUE_LENGTH: '1', TIMEOUT: '60000', WORKERS: '2' });
  asked = withToken(server, TOKEN);
  await ready(server);
});

test.after(async () => {
  await server.stop();
  await pages.close();
});

const port = (): number => Number(new URL(server.url).port);
const endpoint = (query = '', path = '/'): string =>
  `${server.url.replace('http', 'ws')}${path}?token=${TOKEN}${query}`;

interface Shown {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly worker: number | null;
}

const sessions = async (): Promise<Shown[]> => (await (await asked.get('/sessions')).json()) as Shown[];
const count = async (name: string, part = ''): Promise<number> => total(await asked.samples(), name, part);
const failures = (reason: string): Promise<number> =>
  count('headcount_session_failures_total', `kind="cdp",reason="${reason}"`);

async function connect(query = ''): Promise<Browser> {
  return await puppeteer.connect({ browserWSEndpoint: endpoint(query) });
}

interface Client {
  readonly socket: WebSocket;
  /** With the code of its close. -1 means that it was never opened; then `status` is the refusal's. */
  readonly closed: Promise<{ readonly code: number; readonly status: number | undefined }>;
}

function plainClient(query = ''): Client {
  const socket = new WebSocket(endpoint(query));
  socket.on('error', () => {});
  const closed = new Promise<{ code: number; status: number | undefined }>((resolve) => {
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      resolve({ code: -1, status: response.statusCode });
    });
    socket.once('close', (code) => resolve({ code, status: undefined }));
  });
  return { socket, closed };
}

async function opened(query = ''): Promise<Client> {
  const client = plainClient(query);
  await deadline(new Promise((resolve) => client.socket.once('open', resolve)), WAIT_MS, 'the WebSocket');
  return client;
}

async function codeOf({ closed }: Client): Promise<number> {
  return (await deadline(closed, WAIT_MS, 'the close')).code;
}

test('Puppeteer navigates and takes a picture, and its session is one of kind cdp, successful', async () => {
  const before = await count('headcount_sessions_total', 'kind="cdp"');
  const browser = await connect();
  const page = await browser.newPage();
  await page.goto(pages.url('/'));
  assert.ok((await page.screenshot()).length > 1_000);
  const [shown] = await sessions();
  assert.equal([shown?.kind, shown?.state], ['cdp', 'running']);
  await browser.disconnect();
  await atRest(asked);
  assert.is(await count('headcount_sessions_total', 'kind="cdp"'), before + 1);
  assert.is(await count('headcount_session_failures_total', 'kind="cdp"'), 0);
});

test('Playwright connects over CDP, by the address of the WebSocket and by that of the server', async () => {
  const ways: [string, { headers?: Record<string, string> }][] = [
    [endpoint(), {}],
    [`${server.url}/?token=${TOKEN}`, {}],
    [server.url, { headers: AUTHORIZED }],
  ];
  for (const [url, options] of ways) {
    const browser = await chromium.connectOverCDP(url, options);
    const [own] = browser.contexts();
    assert.ok(own);
    for (const context of [own, await browser.newContext()]) {
      const page = await context.newPage();
      await page.goto(pages.url('/'));
      assert.ok((await page.screenshot()).length > 1_000);
    }
    await browser.close();
  }
});

test('what is asked for in the query is had', async () => {
  const browser = await connect('&launch={"args":["--user-agent=mine","--lang=de-AT"],"timezone":"Asia/Tokyo"}');
  const page = await browser.newPage();
  const had = await page.evaluate(
    '[navigator.userAgent, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone].join()',
  );
  assert.is(had, 'mine,de-AT,Asia/Tokyo');
  await browser.disconnect();
  await atRest(asked);
});

test('one more than there are slots waits, then one more is refused, and jobs over HTTP run beside them', async () => {
  const [first, second] = [await opened(), await opened()];
  const headers = { ...AUTHORIZED, 'content-type': 'application/json' };
  const job = await asked.post('/content', { url: pages.url('/') }, { headers });
  assert.is(job.status, 200, 'there is a slot left');
  await job.text();
  await until(async () => (await sessions()).length === 2, WAIT_MS, 'its slot to be free');
  const third = await opened();
  const waiting = connect();
  await until(async () => (await sessions()).some(({ state }) => state === 'waiting'), WAIT_MS, 'one to wait');
  const refused = await deadline(plainClient().closed, WAIT_MS, 'the refusal');
  assert.equal(refused, { code: -1, status: 429 });
  const late = await asked.post('/content', { url: pages.url('/') }, { headers });
  assert.is(late.status, 429, 'the line is the same');
  await late.text();
  first.socket.close();
  const browser = await deadline(waiting, WAIT_MS, 'the one that waited');
  assert.match(await browser.version(), 'Chrome');
  await browser.disconnect();
  for (const { socket } of [second, third]) socket.close();
  await atRest(asked);
});

test('a client that leaves while it waits is abandoned, and never started', async () => {
  const running = [await opened(), await opened(), await opened()];
  const started = await count('headcount_sessions_started_total');
  const abandoned = await count('headcount_requests_rejected_total', 'reason="abandoned"');
  const waiting = open(port());
  waiting.write(upgradeRequest(`/?token=${TOKEN}`));
  await until(async () => (await sessions()).some(({ state }) => state === 'waiting'), WAIT_MS, 'it to wait');
  waiting.end();
  await until(async () => (await sessions()).length === running.length, WAIT_MS, 'it to be gone');
  assert.is(await count('headcount_requests_rejected_total', 'reason="abandoned"'), abandoned + 1);
  for (const { socket } of running) socket.close();
  await atRest(asked);
  assert.is(await count('headcount_sessions_started_total'), started);
});

test('a session ends at its limit, and its client is told by 1001', async () => {
  const before = await failures('timeout');
  assert.is(await codeOf(await opened('&timeout=2000')), 1001);
  await atRest(asked);
  assert.is(await failures('timeout'), before + 1);
});

test('a session that is killed, by its id or its name, is told by 1001', async () => {
  const before = await failures('killed');
  const client = await opened('&trackingId=mine');
  assert.is((await asked.get('/kill/mine')).status, 204);
  assert.is(await codeOf(client), 1001);
  await atRest(asked);
  assert.is(await failures('killed'), before + 1);
});

test('a page that crashes does not end its session', async () => {
  const browser = await connect();
  const page = await browser.newPage();
  page.on('error', () => {});
  page.goto('chrome://crash').catch(() => {});
  const other = await browser.newPage();
  await other.goto(pages.url('/'));
  const session = await other.createCDPSession();
  session.send('Page.crash').catch(() => {});
  const third = await browser.newPage();
  await third.goto(pages.url('/'));
  assert.is(await third.title(), await third.evaluate('document.title'));
  await browser.disconnect();
  await atRest(asked);
});

test('a browser that dies under a client is a crash, and the next client is served', async () => {
  const before = await failures('browser_crash');
  const client = await opened();
  const [shown] = await sessions();
  const pid = server.headcount.browserPids()[shown?.worker ?? 0];
  assert.ok(pid);
  process.kill(-pid, 'SIGKILL');
  assert.is(await codeOf(client), 1011);
  await atRest(asked);
  assert.is(await failures('browser_crash'), before + 1);
  const browser = await connect();
  await browser.disconnect();
  await atRest(asked);
});

test('a worker thread that dies takes its clients along and nobody else, and the next is served', async () => {
  const before = await failures('worker_crash');
  // One on each worker, so it does not matter which of them is ended.
  const clients = [await opened(), await opened()];
  assert.equal((await sessions()).map(({ worker }) => worker).sort(), [0, 1]);
  const ended = clients.map(() => false);
  clients.forEach(({ closed }, i) => void closed.then(() => (ended[i] = true)));
  await (await asked.post('/test?operation=exit', {}, { headers: AUTHORIZED })).text();
  await until(() => ended.includes(true), WAIT_MS, 'a client to hear of it');
  await until(async () => (await failures('worker_crash')) === before + 1, WAIT_MS, 'it to be counted');
  assert.is(ended.filter(Boolean).length, 1);
  for (const { socket } of clients) socket.close();
  await atRest(asked);
  assert.is(await failures('worker_crash'), before + 1);
  const browser = await connect();
  await browser.disconnect();
  await atRest(asked);
});

test('300 resets during the handshake leave nothing behind', async () => {
  const files = (): number => readdirSync('/proc/self/fd').length;
  const before = files();
  const whole = upgradeRequest(`/?token=${TOKEN}`);
  for (let i = 0; i < 300; i++) {
    const socket = open(port());
    await deadline(new Promise((resolve) => socket.write(whole, resolve)), WAIT_MS, 'a write');
    // At once, or somewhat later: while the worker is asked, reached, or answers.
    for (let turns = 0; turns < i % 8; turns++) await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
  }
  await atRest(asked);
  await until(() => files() <= before + 2, WAIT_MS, 'the descriptors to be closed');
});

test('all of it is counted as sessions over HTTP are', async () => {
  await atRest(asked);
  const { samples } = await checkIdentities(asked);
  assert.ok(total(samples, 'headcount_cdp_bytes_total', 'direction="sent"') > 100_000);
  assert.ok(total(samples, 'headcount_cdp_bytes_total', 'direction="received"') > 1_000);
  assert.ok(total(samples, 'headcount_http_requests_total', 'route="/",method="GET",code="101"') > 5);
  assert.is(total(samples, 'headcount_contexts_leaked'), 0);
});

test('who is silent or sends too much is closed; a server that stops says 1001, and 503 to others', async () => {
  const other = await start({ WORKERS: '1', DRAIN_TIMEOUT: '300', IDLE_TIMEOUT: '1000', MAX_MESSAGE_SIZE: '1kb' });
  await ready(other);
  const enter = async () => {
    const socket = new WebSocket(other.url.replace('http', 'ws'));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await deadline(new Promise((resolve) => socket.once('open', resolve)), WAIT_MS, 'the WebSocket');
    return { socket, closed };
  };
  const large = await enter();
  large.socket.send('x'.repeat(1_025));
  assert.is(await deadline(large.closed, WAIT_MS, 'the close'), 1009);
  const idle = await enter();
  assert.is(await deadline(idle.closed, WAIT_MS, 'the close'), 1001);
  const samples = await other.samples();
  for (const reason of ['timeout', 'bad_request']) {
    assert.is(total(samples, 'headcount_session_failures_total', `kind="cdp",reason="${reason}"`), 1, reason);
  }
  const { closed } = await enter();
  const stopping = other.stop();
  const late = await sendAndRead(Number(new URL(other.url).port), upgradeRequest('/'));
  assert.is(late.status, 503);
  assert.is(late.headers['retry-after'], '1');
  assert.is(await deadline(closed, WAIT_MS, 'the close'), 1001);
  await deadline(stopping, WAIT_MS, 'the stop');
});

test.run();
