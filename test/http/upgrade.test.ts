/**
 * Upgrades over raw sockets: how each is refused, what reaches the one that takes it, and who is told when its client
 * leaves.
 */

import { request } from 'node:http';
import type { Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FailureCode } from '../../src/failures.js';
import { cdpAcceptors } from '../../src/http/cdp.js';
import { routesOf, upgradesOf } from '../../src/http/interface.js';
import { text } from '../../src/http/route.js';
import type { ClientSignal } from '../../src/protocol/client.js';
import type { Outcome } from '../../src/protocol/job.js';
import type { Settled } from '../../src/protocol/session.js';
import type { Caller } from '../../src/protocol/tunnel.js';
import { deadline, until } from '../deadline.js';
import { open, sendAndRead, upgradeRequest } from './raw-socket.js';
import { type Served, serve, TOKEN } from './served.js';

interface Session {
  readonly caller: Caller;
  readonly signal: ClientSignal;
  readonly runMs: number | null;
  settle(outcome: Outcome): void;
}

interface Scene {
  served: Served;
  /** Sessions that admission was asked for. */
  sessions: Session[];
  ignored: string[];
}

const test = suite<Scene>('http/upgrade');
const WAIT_MS = 10_000;
const TABLE = { echo: { paths: ['/echo'], methods: ['GET', 'POST'], about: '', answers: {} } } as const;
const CLOSED: Outcome = {
  isOk: true,
  product: 'closed',
  answer: null,
  phases: { context: 0, navigate: 0, run: 0 },
};

test.before.each(async (scene) => {
  scene.sessions = [];
  scene.ignored = [];
  const callers: { caller: Caller; runMs: number | null }[] = [];
  const acceptors = cdpAcceptors({
    clientOf: () => null,
    limits: { waitMs: null, runMs: 1_000 },
    maxTimeoutMs: 2_000,
    bounds: { maxPayloadBytes: 1, maxBufferedBytes: 1, idleMs: null },
    allowsInsecureCerts: false,
    allowsClientProxy: false,
    onIgnored: (name) => scene.ignored.push(name),
    submit: (_session, _run, signal) =>
      new Promise<Settled>((resolve) => {
        const called = callers.pop();
        assert.ok(called);
        scene.sessions.push({ ...called, signal, settle: (outcome) => resolve({ outcome, queueMs: 0 }) });
      }),
    tunnelOf(caller, _options, { runMs }) {
      callers.push({ caller, runMs });
      return {
        resource: { isReady: () => true, isHopeless: () => false },
        start() {
          throw new Error('nothing is run here');
        },
      };
    },
  });
  const echo = async ({ raw }: { readonly raw: NodeJS.ReadableStream }) => {
    const chunks: Buffer[] = [];
    for await (const chunk of raw) chunks.push(Buffer.from(chunk));
    return text(`body ${Buffer.concat(chunks)}`);
  };
  const routes = routesOf(TABLE, { echo }, { apiGet: false, testSessions: false });
  scene.served = await serve(routes, { upgrades: upgradesOf(acceptors) });
});
test.after.each(async ({ served }) => {
  await served.close();
});

const TOKENED = `/?token=${TOKEN}`;

/** A client that waits, and its session. */
async function enter({ served, sessions }: Scene, bytes = upgradeRequest(TOKENED)): Promise<[Socket, Session]> {
  const before = sessions.length;
  const socket = open(served.port);
  socket.write(bytes);
  const session = await until(() => sessions[before], WAIT_MS, 'the session');
  return [socket, session];
}

async function connectionsOf({ served }: Scene): Promise<number> {
  return await new Promise((resolve) => served.server.getConnections((_error, count) => resolve(count)));
}

test('what cannot be a session is refused by plain HTTP, told, and counted by its route', async (scene) => {
  const { served, sessions } = scene;
  const long = 'x'.repeat(8_200);
  const cases: [expected: number, path: string, headers?: Readonly<Record<string, string | null>>][] = [
    [401, '/'],
    [401, '/?token=wrong'],
    [401, '/nowhere'],
    [404, `/nowhere${TOKENED.slice(1)}`],
    [404, `/echo${TOKENED.slice(1)}`],
    [403, TOKENED, { Origin: 'https://other.example' }],
    [403, TOKENED, { Host: 'rebound.example' }],
    [403, TOKENED, { 'Sec-Fetch-Site': 'cross-site' }],
    [400, TOKENED, { Host: null }],
    [400, TOKENED, { 'Sec-WebSocket-Version': '8' }],
    [400, TOKENED, { 'Sec-WebSocket-Key': 'short' }],
    [400, TOKENED, { 'Sec-WebSocket-Key': null }],
    [400, `${TOKENED}&timeout=0`],
    [400, `${TOKENED}&timeout=2001`],
    [400, `${TOKENED}&trackingId=a%20b`],
    [400, `${TOKENED}&timout=5`],
    [414, `${TOKENED}&launch=${long}`],
    [431, TOKENED, { 'X-Long': `${long}${long}` }],
  ];
  for (const [expected, path, headers] of cases) {
    const { status, headers: got, body } = await sendAndRead(served.port, upgradeRequest(path, headers));
    assert.is(status, expected, `${path} ${JSON.stringify(headers)}: ${body}`);
    assert.is(got['connection'], 'close');
    assert.is(Number(got['content-length']), Buffer.byteLength(body));
    assert.is(got['www-authenticate'], expected === 401 ? 'bearer' : undefined);
  }
  assert.is(sessions.length, 0);
  assert.is(served.refused.length, cases.length);
  const labels = cases.map(([status, path]) => `${/nowhere|echo/.test(path) ? 'other' : '/'} GET ${status}`);
  assert.equal(served.answered, labels);
  assert.equal(served.errors, []);
});

test('a refusal is text, or JSON for whoever takes it', async ({ served }) => {
  const plain = await sendAndRead(served.port, upgradeRequest(`${TOKENED}&timout=5`));
  assert.is(plain.body, 'timout: unknown to sessions over WebSocket; did you mean timeout?\n');
  const json = await sendAndRead(served.port, upgradeRequest('/', { Accept: 'application/json' }));
  assert.equal(JSON.parse(json.body), { error: { code: 'UNAUTHORIZED', message: 'a token is needed' } });
});

test('what admission refuses has its status, and when to ask again; the session is named', async (scene) => {
  const statuses: [FailureCode, number][] = [
    ['QUEUE_TIMEOUT', 408],
    ['QUEUE_FULL', 429],
    ['DRAINING', 503],
    ['NO_BROWSER', 503],
    ['BROWSER_CRASHED', 502],
    ['SESSION_KILLED', 500],
  ];
  for (const [code, expected] of statuses) {
    const before = scene.sessions.length;
    const answer = sendAndRead(scene.served.port, upgradeRequest(TOKENED));
    const session = await until(() => scene.sessions[before], WAIT_MS, 'the session');
    session.settle({ isOk: false, code, message: 'not now', ...(expected > 428 ? { retryAfterMs: 1_001 } : {}) });
    const { status, headers, body } = await answer;
    assert.equal([status, body], [expected, 'not now\n']);
    assert.is(headers['retry-after'], expected > 428 ? '2' : undefined);
    assert.match(headers['x-session-id'] ?? '', /^[0-9a-f-]{36}$/);
  }
  assert.equal(scene.served.refused, [], 'admission tells of these');
});

test('a token in a header is as good, and a path may end with a slash', async (scene) => {
  for (const path of ['/', '/chromium', '/chrome', '/chromium/']) {
    const [socket, { runMs }] = await enter(scene, upgradeRequest(path, { Authorization: `Bearer ${TOKEN}` }));
    assert.is(runMs, 1_000);
    socket.destroy();
  }
  const [socket, { runMs }] = await enter(scene, upgradeRequest(`${TOKENED}&timeout=7&stealth=true`));
  assert.is(runMs, 7);
  assert.equal(scene.ignored, ['stealth']);
  socket.destroy();
});

test('what a client has sent before it is answered is not lost, however much it is', async (scene) => {
  const [socket, { caller, settle }] = await enter(scene, `${upgradeRequest(TOKENED)}one `);
  const rest = 'x'.repeat(200_000);
  socket.write(`two ${rest}`);
  await until(() => caller.socket.bytesRead > 16_384, WAIT_MS, 'more than is held');
  const got = [caller.takeEarly()];
  caller.socket.on('data', (chunk: Buffer) => got.push(chunk));
  caller.socket.resume();
  const all = () => Buffer.concat(got).toString();
  await until(() => all().length >= 8 + rest.length, WAIT_MS, 'all of it');
  assert.is(all(), `one two ${rest}`);
  caller.onAnswered();
  caller.socket.end('answered');
  const heard = await deadline(new Promise<Buffer>((resolve) => socket.once('data', resolve)), WAIT_MS, 'the answer');
  assert.is(String(heard), 'answered', 'nothing of ours is between');
  settle(CLOSED);
  assert.equal(scene.served.answered, ['/ GET 101'], 'counted when it is answered, once');
});

test('once a client is answered, nothing is written to it, however its session ends', async (scene) => {
  const [socket, { caller, settle }] = await enter(scene);
  const heard: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => heard.push(chunk));
  caller.onAnswered();
  settle({ isOk: false, code: 'SESSION_TIMEOUT', message: 'late' });
  await new Promise((resolve) => setImmediate(resolve));
  caller.socket.end();
  await deadline(new Promise((resolve) => socket.once('close', resolve)), WAIT_MS, 'the end');
  assert.equal(heard, []);
  assert.equal(scene.served.answered, ['/ GET 101']);
});

for (const [how, leave] of Object.entries<(socket: Socket) => void>({
  closes: (socket) => void socket.end(),
  resets: (socket) => void socket.resetAndDestroy(),
})) {
  test(`a client that ${how} while it waits is gone at once, and counted as 499`, async (scene) => {
    const [socket, { signal, settle }] = await enter(scene);
    leave(socket);
    await until(() => signal.aborted, WAIT_MS, 'word of it');
    settle({ isOk: false, code: 'CLIENT_CLOSED', message: 'gone' });
    await until(async () => (await connectionsOf(scene)) === 0, WAIT_MS, 'its socket to be gone');
    assert.equal(scene.served.answered, ['/ GET 499']);
  });
}

test('1000 resets during the handshake leave nothing behind', async (scene) => {
  const { served, sessions } = scene;
  const whole = upgradeRequest(TOKENED);
  for (let i = 0; i < 1_000; i++) {
    const socket = open(served.port);
    await deadline(new Promise((resolve) => socket.once('connect', resolve)), WAIT_MS, 'a connection');
    // Nothing, half a head, a head, a head and more.
    const bytes = ['', whole.slice(0, 60), whole, `${whole}more`][i % 4] ?? '';
    await deadline(new Promise((resolve) => socket.write(bytes, resolve)), WAIT_MS, 'a write');
    socket.resetAndDestroy();
  }
  await until(async () => (await connectionsOf(scene)) === 0, WAIT_MS, 'the sockets to be gone');
  await until(() => sessions.every(({ signal }) => signal.aborted), WAIT_MS, 'all to be told');
  for (const { settle } of sessions) settle({ isOk: false, code: 'CLIENT_CLOSED', message: 'gone' });
  const answered = served.answered.filter((one) => one === '/ GET 499').length;
  assert.is(answered, sessions.length);
  assert.equal(served.errors, []);
  const { status } = await sendAndRead(served.port, upgradeRequest('/'));
  assert.is(status, 401, 'others are served');
});

test('an upgrade behind a request that is not answered yet is no answer in the midst of it', async (scene) => {
  const { served } = scene;
  const post = `POST ${TOKENED.replace('/', '/echo')} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\nbody`;
  const { body } = await sendAndRead(served.port, post + upgradeRequest(TOKENED));
  assert.not.match(body, 'not answered yet');
  assert.is(scene.sessions.length, 0);
});

test('who asks for another protocol in passing, as Java does for h2c, is answered', async (scene) => {
  const { served } = scene;
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABk',
      authorization: `Bearer ${TOKEN}`,
      'content-length': 4,
    };
    const sent = request(`${served.url}/echo`, { method: 'POST', headers }, (response) => {
      response.setEncoding('utf8');
      response.once('data', resolve);
    });
    sent.once('error', reject);
    sent.end('sent');
  });
  assert.is(answer, 'body sent');
  const connected = await sendAndRead(served.port, 'CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\n\r\n');
  assert.is(connected.status, 405, 'a tunnel is refused as before');
});

test.run();
