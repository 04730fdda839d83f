/**
 * What the edge does around every route, over real sockets: limits, answers to failures, what is counted.
 */

import { request } from 'node:http';
import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ServiceError } from '../../src/failures.js';
import { ROUTES, routesOf } from '../../src/http/interface.js';
import { text } from '../../src/http/route.js';
import type { ClientSignal } from '../../src/protocol/client.js';
import { deadline } from '../deadline.js';
import { type Served, serve, TOKEN } from './served.js';

interface Scene {
  served: Served;
  /** The same with CORS for one origin. */
  cors: Served;
  /** Of requests to `/wait`, in the order in which they come. */
  waiting: ((signal: ClientSignal) => void)[];
}

const test = suite<Scene>('http/edge');
const WAIT_MS = 5_000;
const FRIEND = 'https://friend.example';
const row = (name: string, methods = ['GET']) => ({ paths: [`/${name}`], methods, about: '', answers: {} });
const TABLE = {
  open: { ...row('open'), isOpen: true, isLinkable: true },
  health: { ...row('health'), isOpen: true, isForAnyOrigin: true },
  throws: row('throws'),
  rejects: row('rejects'),
  refuses: row('refuses', ['GET', 'POST']),
  wait: row('wait'),
} as const;

test.before.each(async (scene) => {
  scene.waiting = [];
  const handlers = {
    open: () => ({ ...text('open'), headers: { Vary: 'Accept' } }),
    health: () => text('well'),
    throws() {
      throw new Error('bug');
    },
    rejects: () => Promise.reject(new TypeError('another bug')),
    refuses() {
      throw new ServiceError('QUEUE_FULL', 'no room', { headers: { 'x-own': '1' }, retryAfterMs: 1_001 });
    },
    async wait({ signal }: { readonly signal: ClientSignal }) {
      await new Promise<void>((resolve) => {
        signal.onabort = resolve;
        scene.waiting.shift()?.(signal);
      });
      return text('late');
    },
  };
  const routes = routesOf(TABLE, handlers, { apiGet: false, testSessions: false });
  scene.served = await serve(routes);
  scene.cors = await serve(routes, { cors: { origins: [FRIEND], methods: ['GET'], headers: ['X-One'], maxAgeS: 9 } });
});
test.after.each(async (scene) => {
  await scene.served.close();
  await scene.cors.close();
});

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

test('what is thrown is a bug: 500, told apart from what is refused, and the client learns nothing of it', async ({
  served,
}) => {
  for (const path of ['/throws', '/rejects']) {
    const response = await fetch(served.url + path, { headers: { ...AUTHORIZED, accept: 'application/json' } });
    assert.is(response.status, 500);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    assert.is(error.code, 'INTERNAL');
    assert.not.match(error.message, 'bug');
  }
  assert.equal(served.errors.map(String), ['Error: bug', 'TypeError: another bug']);
});

test('a refusal has its status, its headers, and the seconds after which to ask again, rounded up', async ({
  served,
}) => {
  const response = await fetch(`${served.url}/refuses`, { headers: AUTHORIZED });
  assert.is(response.status, 429);
  assert.is(response.headers.get('retry-after'), '2');
  assert.is(response.headers.get('x-own'), '1');
  assert.is(await response.text(), 'no room\n', 'as text to whom JSON says nothing');
  assert.equal(served.errors, []);
});

test('an answer before the body was read closes the connection, since what follows is no request', async ({
  served,
}) => {
  const post = (body: string | null) => fetch(`${served.url}/refuses`, { method: 'POST', headers: AUTHORIZED, body });
  assert.is((await post('x'.repeat(2_000_000)).catch(() => null))?.headers.get('connection') ?? 'close', 'close');
  assert.is((await post(null)).headers.get('connection'), 'keep-alive');
});

test('unknown paths are 404 without a word of what there is; a wrong method names the right ones', async ({
  served,
}) => {
  assert.is((await fetch(`${served.url}/nowhere`, { headers: AUTHORIZED })).status, 404);
  assert.is((await fetch(`${served.url}/nowhere`)).status, 401, 'nor to whom it concerns not');
  const wrong = await fetch(`${served.url}/refuses`, { method: 'PUT', headers: AUTHORIZED });
  assert.equal([wrong.status, wrong.headers.get('allow')], [405, 'GET, POST, OPTIONS']);
  const options = await fetch(`${served.url}/refuses`, { method: 'OPTIONS', headers: AUTHORIZED });
  assert.equal([options.status, options.headers.get('allow')], [204, 'GET, POST, OPTIONS']);
  assert.equal(served.answered, ['other GET 404', 'other GET 401', '/refuses PUT 405', '/refuses OPTIONS 204']);
});

test('an open route needs no token; only health is for any origin', async ({ served }) => {
  assert.is((await fetch(`${served.url}/open`)).status, 200);
  const foreign = { headers: { origin: 'http://evil.example' } };
  assert.is((await fetch(`${served.url}/open`, foreign)).status, 403);
  assert.is((await fetch(`${served.url}/health`, foreign)).status, 200);
});

test('a link on a page of another site leads to the live page, and to nothing that does anything', async ({
  served,
}) => {
  const linkable = Object.entries(ROUTES).filter(([, row]) => 'isLinkable' in row);
  assert.equal(
    linkable.map(([name]) => name),
    ['page', 'pageFile'],
  );
  // `fetch` would set this header itself.
  const follow = (path: string, method = 'GET'): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { ...AUTHORIZED, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
      const asked = request(served.url + path, { method, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject).end();
    });
  assert.is(await follow('/open'), 200);
  assert.is(await follow('/refuses'), 403);
  assert.is(await follow('/open', 'POST'), 403, 'not 405: nobody is told');
});

test('with CORS each answer says for whom it is, refusals and preflights too', async ({ cors }) => {
  const ask = async (path: string, method: string, origin: string) => {
    const response = await fetch(cors.url + path, { method, headers: { ...AUTHORIZED, origin } });
    const [allowed, vary, maxAge] = ['access-control-allow-origin', 'vary', 'access-control-max-age'].map((name) =>
      response.headers.get(name),
    );
    return [response.status, allowed, vary, maxAge];
  };
  assert.equal(await ask('/open', 'GET', FRIEND), [200, FRIEND, 'Origin, Accept', null]);
  assert.equal(await ask('/refuses', 'POST', FRIEND), [429, FRIEND, 'Origin', null]);
  assert.equal(await ask('/refuses', 'OPTIONS', FRIEND), [204, FRIEND, 'Origin', '9']);
  assert.equal(await ask('/refuses', 'OPTIONS', 'https://other.example'), [403, null, 'Origin', null]);
});

test('a URL of 8 192 bytes is the longest, and headers of 16 384', async ({ served }) => {
  const path = (length: number) => `/open?${'x'.repeat(length - '/open?'.length)}`;
  assert.is((await fetch(served.url + path(8_192))).status, 200);
  assert.is((await fetch(served.url + path(8_193))).status, 414);
  assert.is((await fetch(`${served.url}/open`, { headers: { 'x-long': 'x'.repeat(15_000) } })).status, 200);
  assert.is((await fetch(`${served.url}/open`, { headers: { 'x-long': 'x'.repeat(16_384) } })).status, 431);
});

test('a client that leaves is heard of at once, and counted as 499', async ({ served, waiting }) => {
  const called = new Promise<ClientSignal>((resolve) => waiting.push(resolve));
  const socket = connect(served.port, '127.0.0.1');
  socket.write(`GET /wait HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  const signal = await deadline(called, WAIT_MS, 'the handler');
  assert.not.ok(signal.aborted);
  const aborted = new Promise<void>((resolve) => {
    const before = signal.onabort;
    signal.onabort = () => {
      before?.();
      resolve();
    };
  });
  socket.destroy();
  await deadline(aborted, WAIT_MS, 'word of it');
  assert.ok(signal.aborted);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(served.answered, ['/wait GET 499']);
});

test.run();
