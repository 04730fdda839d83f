/**
 * Requests that do not end with their answer, over real sockets: the client leaves, or Node.js refuses them. Each is
 * counted once, by the code that its client was sent, or as 499.
 */

import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createBodies } from '../../src/http/body.js';
import { type Request, type Route, text } from '../../src/http/route.js';
import type { ClientSignal } from '../../src/protocol/client.js';
import { deadline, until } from '../deadline.js';
import { type Served, serve, TOKEN } from './served.js';

interface Scene {
  served: Served;
  server: Server;
  /** Of requests to `/wait`, in the order in which they came. */
  signals: ClientSignal[];
  /** How many clients have left and were noticed. */
  left: number;
  /** Connections, as the server sees them. */
  sockets: Socket[];
}

const test = suite<Scene>('http/connections');
const WAIT_MS = 5_000;
const HOST = 'Host: 127.0.0.1\r\n';
const HEAD = `${HOST}Authorization: Bearer ${TOKEN}\r\n`;
const GET = `GET /wait HTTP/1.1\r\n${HEAD}\r\n`;
const POST = `POST /body HTTP/1.1\r\n${HEAD}Content-Length: 9\r\n`;

test.before.each(async (scene) => {
  scene.signals = [];
  scene.left = 0;
  scene.sockets = [];
  const wait = ({ signal }: Request) =>
    new Promise<never>(() => {
      signal.onabort = () => scene.left++;
      scene.signals.push(signal);
    });
  const body = async ({ raw, askForBody }: Request) => {
    askForBody();
    return text((await createBodies(100).read(raw)).toString());
  };
  const route = (path: string, methods: string[], handle: Route['handle']) => ({ path, methods, query: {}, handle });
  const routes = [
    route('/wait', ['GET'], wait),
    route('/body', ['POST'], body),
    route('/now', ['GET'], () => text('now')),
  ];
  scene.served = await serve(routes, {
    adjust(server) {
      scene.server = server;
      Object.assign(server, { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 });
      server.on('connection', (socket: Socket) => scene.sockets.push(socket));
    },
  });
});
test.after.each((scene) => scene.served.close());

/** Writes bytes, and returns all that comes back until the server closes. */
async function exchange({ served }: Scene, bytes: string): Promise<string> {
  const socket = connect(served.port, '127.0.0.1');
  let got = '';
  socket.on('data', (chunk) => (got += chunk.toString('latin1')));
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(bytes, 'latin1');
  await deadline(closed, WAIT_MS, 'the server to close the connection');
  return got;
}

test('all requests pipelined on a connection hear that it has gone, and are counted once', async (scene) => {
  const socket = connect(scene.served.port, '127.0.0.1');
  socket.write(GET.repeat(35));
  await until(async () => scene.signals.length === 35, WAIT_MS, 'all to come');
  socket.destroy();
  await until(async () => scene.served.answered.length === 35, WAIT_MS, 'all to be counted');
  assert.is(scene.left, 35);
  assert.equal(new Set(scene.served.answered), new Set(['/wait GET 499']));
});

test('answers wait for their turn, and those whose turn never comes are not answered', async (scene) => {
  const socket = connect(scene.served.port, '127.0.0.1');
  socket.write(`GET /now HTTP/1.1\r\n${HEAD}\r\n${GET}GET /now HTTP/1.1\r\n${HEAD}\r\n`);
  await until(async () => scene.served.answered.length === 1 && scene.signals.length === 1, WAIT_MS, 'the first');
  socket.destroy();
  await until(async () => scene.served.answered.length === 3, WAIT_MS, 'all to be counted');
  assert.equal(scene.served.answered, ['/now GET 200', '/wait GET 499', '/now GET 499']);
});

test('a connection of a thousand requests has no more listeners than one of two', async (scene) => {
  const socket = connect(scene.served.port, '127.0.0.1');
  socket.resume();
  const now = `GET /now HTTP/1.1\r\n${HEAD}\r\n`;
  const listeners = async (requests: number) => {
    const before = scene.served.answered.length;
    socket.write(now.repeat(requests));
    await until(async () => scene.served.answered.length === before + requests, WAIT_MS, 'the answers');
    const [one] = scene.sockets;
    return one?.eventNames().map((name) => `${String(name)} ${one.listenerCount(name)}`);
  };
  const few = await listeners(2);
  assert.equal(await listeners(1_000), few);
  socket.destroy();
});

/** What is sent, how the answer begins, and what is counted. */
const REFUSED: readonly (readonly [name: string, sent: string, answer: RegExp, counted: string])[] = [
  ['a body that is too slow', `${POST}\r\nslow`, /^HTTP\/1.1 408 /, '/body POST 408'],
  ['a head that is too slow', 'GET /now HTTP/1.1\r\n', /^HTTP\/1.1 408 /, 'other  408'],
  ['what is no HTTP', 'nonsense\r\n\r\n', /^HTTP\/1.1 400 /, 'other  400'],
  ['a header that is none', `PUT / HTTP/1.1\r\n${HOST}Bad Header: x\r\n\r\n`, /^HTTP\/1.1 400 /, 'other PUT 400'],
  [
    'a chunk that is none',
    `POST /body HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\nx`,
    /^HTTP\/1.1 400 /,
    '/body POST 400',
  ],
  [
    'a head that is too large',
    `GET / HTTP/1.1\r\nX: ${'y'.repeat(64_000)}\r\n\r\n`,
    /^HTTP\/1.1 431 /,
    'other GET 431',
  ],
  ['no Host', 'GET /now HTTP/1.1\r\nConnection: close\r\n\r\n', /^HTTP\/1.1 400 [\s\S]*Host/, 'other GET 400'],
  [
    'a tunnel',
    `CONNECT a.test:443 HTTP/1.1\r\n${HOST}\r\n`,
    /^HTTP\/1.1 405 [\s\S]*\r\nAllow: GET/,
    'other CONNECT 405',
  ],
  ['an expectation', `${POST}Expect: more\r\n\r\n`, /^HTTP\/1.1 417 [\s\S]*\r\nConnection: close/, 'other POST 417'],
  [
    'an upgrade to where there is nothing',
    `GET /no HTTP/1.1\r\n${HEAD}Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`,
    /^HTTP\/1.1 404 /,
    'other GET 404',
  ],
];

for (const [name, sent, answer, counted] of REFUSED) {
  test(`${name} is refused and counted once`, async (scene) => {
    assert.match(await exchange(scene, sent), answer);
    assert.equal(scene.served.answered, [counted]);
  });
}

test('what cannot be read is no answer to those who wait before it', async (scene) => {
  assert.is(await exchange(scene, `${GET}nonsense\r\n\r\n`), '');
  assert.equal(scene.served.answered.sort(), ['/wait GET 499', 'other  400']);
  assert.is(scene.left, 1);
});

test('a connection on which nothing was asked is closed without a word, and is no request', async (scene) => {
  assert.is(await exchange(scene, ''), '');
  assert.equal(scene.served.answered, []);
});

test('a client that leaves in the midst of its body is counted as 499', async (scene) => {
  const socket = connect(scene.served.port, '127.0.0.1');
  socket.write(`${POST}Expect: 100-continue\r\n\r\n`);
  const asked = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  assert.match((await deadline(asked, WAIT_MS, 'to be asked for the body')).toString(), /^HTTP\/1.1 100 /);
  socket.end('1234');
  await until(async () => scene.served.answered.length === 1, WAIT_MS, 'it to be counted');
  assert.equal(scene.served.answered, ['/body POST 499']);
});

test('a body is asked for only by who will read it', async (scene) => {
  const expecting = `${POST}Connection: close\r\nExpect: 100-continue\r\n\r\n`;
  assert.match(await exchange(scene, `${expecting}123456789`), /^HTTP\/1.1 100 [\s\S]*HTTP\/1.1 200 [\s\S]*123456789$/);
  assert.match(await exchange(scene, expecting.replace(TOKEN, 'wrong')), /^HTTP\/1.1 401 /);
  assert.match(await exchange(scene, expecting.replace('/body', '/no')), /^HTTP\/1.1 404 /);
});

test('the system asks whether a silent client is still there', async (scene) => {
  const socket = connect(scene.served.port, '127.0.0.1');
  socket.write(GET);
  await until(async () => scene.signals.length === 1, WAIT_MS, 'the request');
  const port = (of: number) => `0100007F:${of.toString(16).toUpperCase().padStart(4, '0')}`;
  const ends = `${port(scene.served.port)} ${port(socket.localPort ?? 0)} 01 `;
  const kept = async () => {
    const line =
      readFileSync('/proc/self/net/tcp', 'utf8')
        .split('\n')
        .find((one) => one.includes(ends)) ?? '';
    // The timer that runs; 02 is keep-alive's.
    return (
      line
        .slice(line.indexOf(ends) + ends.length)
        .split(' ')[1]
        ?.startsWith('02:') ?? false
    );
  };
  await until(kept, WAIT_MS, 'the timer');
  socket.destroy();
});

test('a connection that is idle after its answer is closed', async (scene) => {
  scene.server.keepAliveTimeout = 50;
  assert.match(await exchange(scene, `GET /now HTTP/1.1\r\n${HEAD}\r\n`), /^HTTP\/1.1 200 /);
  assert.equal(scene.served.answered, ['/now GET 200']);
});

test('an answer before the body is read closes the connection, and is the only one counted', async (scene) => {
  const withBody = `GET /now HTTP/1.1\r\n${HEAD}Content-Length: 9\r\n\r\n1234`;
  assert.match(await exchange(scene, withBody), /^HTTP\/1.1 200 [\s\S]*\r\nConnection: close/);
  assert.equal(scene.served.answered, ['/now GET 200']);
});

test.run();
