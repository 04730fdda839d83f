/**
 * The routes that run sessions, over a real socket. The sessions end as the test says.
 */

import { connect } from 'node:net';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ROUTES, routesOf } from '../../src/http/interface.js';
import { sessionHandlers } from '../../src/http/sessions.js';
import type { NavigationAnswer } from '../../src/protocol/job.js';
import type { Refusal, Settled } from '../../src/protocol/session.js';
import { deadline, until } from '../deadline.js';
import { type Served, serve, TOKEN } from './served.js';

interface Scene {
  served: Served;
  /** Why no session is taken. */
  refusal: Refusal | null;
  /** What admission was asked, in order. */
  told: string[];
  /** Names that had no effect. */
  ignored: string[];
  /** What the page's server has answered. */
  navigation: NavigationAnswer;
}

const test = suite<Scene>('http/sessions');
const NAVIGATION: NavigationAnswer = { url: 'http://a.test/', status: 200, statusText: 'OK', ip: '::1', port: 80 };

/** With this limit, 64 MiB are no more than 4 of the largest bodies. */
const LIMIT_BYTES = 16 * 1024 * 1024;
const WAIT_MS = 10_000;

function settled({ navigation }: Scene): Settled {
  const product = { body: Buffer.from('made'), contentType: 'text/html' };
  const phases = { context: 1, navigate: 1, run: 1 };
  return { outcome: { isOk: true, product, answer: navigation, phases }, queueMs: 0 };
}

test.before.each(async (scene) => {
  scene.navigation = NAVIGATION;
  scene.refusal = null;
  scene.told = [];
  scene.ignored = [];
  const { content } = sessionHandlers({
    clientOf: () => null,
    submit: async () => {
      scene.told.push('submitted');
      return settled(scene);
    },
    refusal: () => scene.refusal,
    turnAway({ kind }, { code, message }) {
      scene.told.push(`${kind} ${code}`);
      return { outcome: { isOk: false, code, message }, queueMs: 0 };
    },
    runOf: () => ({
      resource: { isReady: () => true, isHopeless: () => false },
      start() {
        throw new Error('nothing is run here');
      },
    }),
    limits: { waitMs: null, runMs: null },
    maxTimeoutMs: null,
    maxPayloadBytes: LIMIT_BYTES,
    allowsInsecureCerts: false,
    allowsClientProxy: false,
    onIgnored: (name) => scene.ignored.push(name),
  });
  scene.served = await serve(routesOf({ content: ROUTES.content }, { content }, { apiGet: true, testSessions: false }));
});
test.after.each((scene) => scene.served.close());

function post({ served }: Scene, query = ''): Promise<Response> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'text/html' };
  return fetch(`${served.url}/content?${query}`, { method: 'POST', headers, body: '<p>' });
}

test("what a page's server said is told, and written as in a URL where a header cannot hold it", async (scene) => {
  scene.navigation = { ...NAVIGATION, statusText: 'Très 🎉 \ud83c\r\nx: y', url: 'http://a.test/é' };
  const { status, headers } = await post(scene);
  assert.is(status, 200);
  assert.is(headers.get('x-response-status'), 'Tr%C3%A8s %F0%9F%8E%89 %EF%BF%BD%0D%0Ax: y');
  assert.is(headers.get('x-response-url'), 'http://a.test/%C3%A9');
  assert.is(headers.get('x-response-ip'), '::1');
});

test("whatever a page's server says, its session is answered", async (scene) => {
  const units = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })));
  const said = fc.oneof(
    units.map((codes) => String.fromCharCode(...codes)),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('🎉'.repeat(20_000), 'é'.repeat(20_000), ' '.repeat(20_000)),
  );
  const answers = fc.record({ url: said, statusText: said, ip: fc.option(said), status: fc.nat(), port: fc.nat() });
  await fc.assert(
    fc.asyncProperty(answers, async (navigation) => {
      scene.navigation = navigation;
      const response = await post(scene);
      assert.equal([response.status, await response.text()], [200, 'made']);
    }),
    { numRuns: 200 },
  );
  assert.equal(scene.served.errors, []);
});

/** A request that announces one length of its body and sends another; with all that comes back. */
function upload({ served }: Scene, declared: number, sent: number, type = 'text/html') {
  const socket = connect(served.port, '127.0.0.1');
  const upload = { socket, got: '', closed: new Promise<void>((resolve) => socket.once('close', () => resolve())) };
  socket.on('data', (chunk) => (upload.got += chunk.toString('latin1')));
  socket.on('error', () => {});
  const head = `POST /content HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: ${type}`;
  socket.write(`${head}\r\nContent-Length: ${declared}\r\n\r\n`);
  socket.write(Buffer.alloc(sent, 'x'));
  return upload;
}

test('where there is no room, that is said by the head, and counted', async (scene) => {
  scene.refusal = { code: 'QUEUE_FULL', message: 'no room' };
  const one = upload(scene, 1_000, 0);
  await deadline(one.closed, WAIT_MS, 'the end of the connection');
  assert.match(one.got, /^HTTP\/1.1 429 [\s\S]*\r\nConnection: close/);
  assert.equal(scene.told, ['content QUEUE_FULL']);
  const refused = await post(scene);
  assert.equal([refused.status, refused.headers.get('retry-after')], [429, '1']);
  assert.match(refused.headers.get('x-session-id') ?? '', /^[0-9a-f-]{36}$/);
});

test('what is wrong with the head is said before whether there is room, and counted as nothing', async (scene) => {
  scene.refusal = { code: 'QUEUE_FULL', message: 'no room' };
  for (const [declared, type, status] of [
    [LIMIT_BYTES + 1, 'text/html', 413],
    [1, 'image/png', 415],
  ] as const) {
    const one = upload(scene, declared, 0, type);
    await deadline(one.closed, WAIT_MS, 'the end of the connection');
    assert.match(one.got, new RegExp(`^HTTP/1.1 ${status} `));
  }
  assert.equal(scene.told, []);
});

test('bodies that are being read hold 64 MiB together at most, and leave it when they go', async (scene) => {
  const nearlyAll = LIMIT_BYTES - 1;
  const held = Array.from({ length: 5 }, () => upload(scene, LIMIT_BYTES, nearlyAll));
  // It is not known which of them comes too late, but one does.
  const first = await deadline(Promise.race(held.map(({ closed }, i) => closed.then(() => i))), WAIT_MS, 'a refusal');
  assert.match(held[first]?.got ?? '', /^HTTP\/1.1 429 [\s\S]*\r\nConnection: close[\s\S]*\r\nRetry-After: 1/);
  assert.equal(scene.told, ['content QUEUE_FULL']);
  for (const { socket } of held) socket.destroy();
  await until(async () => scene.served.answered.length === 5, WAIT_MS, 'all to have gone');
  assert.is((await post(scene)).status, 200);
  assert.equal(scene.told, ['content QUEUE_FULL', 'submitted']);
});

test('names in the query: ours, those that mean nothing here, those that would, and slips', async (scene) => {
  const ask = async (query: string): Promise<string> => {
    const response = await post(scene, query);
    return `${response.status} ${await response.text()}`.trim();
  };
  assert.is(await ask('timeout=5&trackingId=a&acceptInsecureCerts=false'), '200 made');
  for (const name of ['stealth', 'blockAds', 'headless', 'slowMo'])
    assert.is(await ask(`${name}=true`), '200 made', name);
  assert.equal(scene.ignored, ['stealth', 'blockAds', 'headless', 'slowMo']);
  for (const name of ['launch', '--no-sandbox', 'externalProxyServer']) {
    assert.match(await ask(`${name}=1`), new RegExp(`^400 ${name}: `));
  }
  assert.is(await ask('timout=5'), '400 timout: unknown in the query; did you mean timeout?');
  assert.is(await ask('somethingElse=5'), '400 somethingElse: unknown in the query');
});

test('a bad body in the query is told as JSON, since that is what was sent', async ({ served }) => {
  const response = await fetch(`${served.url}/content?token=${TOKEN}&body=%7Bnothing`);
  assert.is(response.status, 400);
  assert.match(response.headers.get('content-type') ?? '', 'application/json');
  assert.is(JSON.parse(await response.text()).error.code, 'BAD_REQUEST');
});

test.run();
