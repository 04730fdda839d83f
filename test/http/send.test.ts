/**
 * How an answer is sent, to a real client over a real socket.
 */

import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Answer } from '../../src/http/route.js';
import { createSend } from '../../src/http/send.js';
import { deadline } from '../deadline.js';

interface Scene {
  server: Server;
  answer: Answer;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const test = suite<Scene>('http/send');
const WAIT_MS = 5_000;
const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };
const BINARY = { 'Content-Type': 'image/png' };

test.before.each(async (scene) => {
  const send = createSend();
  scene.server = createServer((asked, response) => void send(asked, response, scene.answer));
  await new Promise<void>((resolve) => scene.server.listen(0, '127.0.0.1', resolve));
});
test.after.each(async ({ server }) => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

function ask({ server }: Scene, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  const { port } = server.address() as AddressInfo;
  const got = new Promise<Got>((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
  return deadline(got, WAIT_MS, 'the answer');
}

function answerOf(body: string, headers: Record<string, string> = TEXT, tag?: string): Answer {
  return { status: 200, headers, chunks: [Buffer.from(body)], ...(tag === undefined ? {} : { tag }) };
}

test('chunks are joined, and their length is told', async (scene) => {
  scene.answer = { status: 201, headers: TEXT, chunks: [Buffer.from('one '), Buffer.from('two')] };
  const got = await ask(scene);
  assert.equal([got.status, got.body.toString(), got.headers['content-length']], [201, 'one two', '7']);
  assert.is(got.headers['x-content-type-options'], 'nosniff');
  assert.is(got.headers.etag, undefined);
});

test('HEAD has the headers of GET and no body', async (scene) => {
  scene.answer = answerOf('x'.repeat(2_000), TEXT, 'tag');
  for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
    const [get, head] = [await ask(scene, headers), await ask(scene, headers, 'HEAD')];
    assert.is(head.body.length, 0);
    for (const name of ['content-length', 'etag', 'content-encoding', 'vary', 'content-type']) {
      assert.is(head.headers[name], get.headers[name], name);
    }
  }
});

test('text of 1 024 bytes is gzipped for who asks, less is not, nor is what is no text', async (scene) => {
  const gzip = { 'accept-encoding': 'gzip' };
  scene.answer = answerOf('x'.repeat(1_024));
  const big = await ask(scene, gzip);
  assert.equal([big.headers['content-encoding'], gunzipSync(big.body).toString()], ['gzip', 'x'.repeat(1_024)]);
  assert.is((await ask(scene)).headers['content-encoding'], undefined);
  assert.match(String((await ask(scene)).headers.vary), 'Accept-Encoding', 'caches are told either way');
  scene.answer = answerOf('x'.repeat(1_023));
  assert.is((await ask(scene, gzip)).headers['content-encoding'], undefined);
  scene.answer = answerOf('x'.repeat(5_000), BINARY);
  const picture = await ask(scene, gzip);
  assert.equal([picture.headers['content-encoding'], picture.headers.vary], [undefined, undefined]);
});

test('a tag is asked for again by 304, each encoding by its own', async (scene) => {
  scene.answer = answerOf('x'.repeat(2_000), TEXT, 'tag');
  const plain = await ask(scene);
  const gzipped = await ask(scene, { 'accept-encoding': 'gzip' });
  assert.equal([plain.headers.etag, gzipped.headers.etag], ['"tag"', '"tag-gzip"']);
  assert.is(plain.headers['cache-control'], 'no-cache');
  for (const match of ['"tag"', 'W/"tag"', '*', '"other", "tag"']) {
    const got = await ask(scene, { 'if-none-match': match });
    assert.equal([got.status, got.body.length, got.headers.etag], [304, 0, '"tag"'], match);
  }
  for (const match of ['"other"', 'tag', '"tag-gzip"', '']) {
    assert.is((await ask(scene, { 'if-none-match': match })).status, 200, match);
  }
  scene.answer = { ...answerOf('gone', TEXT, 'tag'), status: 404 };
  assert.is((await ask(scene, { 'if-none-match': '"tag"' })).status, 404, 'what is refused is no older version');
});

test('204 has neither body nor length', async (scene) => {
  scene.answer = { status: 204, headers: {}, chunks: [] };
  const got = await ask(scene);
  assert.equal([got.status, got.body.length, got.headers['content-length']], [204, 0, undefined]);
});

test('a stream is sent as it comes, without length, tag or gzip', async (scene) => {
  scene.answer = { ...answerOf('', TEXT, 'tag'), chunks: [], stream: Readable.from(['a', 'b', 'c'.repeat(2_000)]) };
  const got = await ask(scene, { 'accept-encoding': 'gzip' });
  assert.equal([got.body.length, got.headers['content-length'], got.headers.etag], [2_002, undefined, undefined]);
});

test('many who want the same gzipped body at once each get it whole', async (scene) => {
  scene.answer = answerOf('x'.repeat(100_000), TEXT, 'big');
  const all = await Promise.all(Array.from({ length: 20 }, () => ask(scene, { 'accept-encoding': 'gzip' })));
  for (const { body } of all) assert.is(gunzipSync(body).length, 100_000);
});

test('who has left before the answer is there is sent nothing', async (scene) => {
  const { port } = scene.server.address() as AddressInfo;
  const send = createSend();
  const sent = new Promise<boolean>((resolve) => {
    scene.server.removeAllListeners('request');
    scene.server.on('request', (asked: IncomingMessage, response) => {
      response.on('close', () => {
        void send(asked, response, answerOf('late')).then(() => resolve(response.headersSent));
      });
      socket.destroy();
    });
  });
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.is(await deadline(sent, WAIT_MS, 'the answer'), false);
});

const STALL_MS = 100;

/** A client that takes nothing any more. `answers` answer what it has asked for, one after the other. */
async function stall({ server }: Scene, answers: readonly Answer[]): Promise<void> {
  const send = createSend(STALL_MS);
  const left = [...answers];
  server.removeAllListeners('request');
  server.on('request', (asked: IncomingMessage, response) => void send(asked, response, left.shift() ?? answerOf('')));
  const closed = new Promise<void>((resolve) => {
    server.once('connection', (socket) => socket.once('close', () => resolve()));
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(answers.length));
  await deadline(closed, WAIT_MS, 'it to be cut off').finally(() => socket.destroy());
}

/** More than the system takes for a client that reads nothing. */
const HUGE = Buffer.alloc(32 * 1024 * 1024);

test('who takes nothing of an answer is cut off', async (scene) => {
  await stall(scene, [{ status: 200, headers: BINARY, chunks: [HUGE] }]);
});

test('who takes nothing of a stream is cut off', async (scene) => {
  const stream = new Readable({
    read() {
      this.push(Buffer.alloc(65_536));
    },
  });
  await stall(scene, [{ status: 200, headers: BINARY, chunks: [], stream }]);
  stream.destroy();
});

test('who takes the first answer and nothing of the next, which waited for its turn, is cut off', async (scene) => {
  const first = Readable.from(['first']);
  await stall(scene, [
    { status: 200, headers: BINARY, chunks: [], stream: first },
    { status: 200, headers: BINARY, chunks: [HUGE] },
  ]);
});

test('a stream that says nothing for longer is not cut off while its client takes what there is', async (scene) => {
  const send = createSend(STALL_MS / 10);
  const stream = new Readable({ read() {} });
  scene.server.removeAllListeners('request');
  scene.server.on('request', (asked: IncomingMessage, response) => {
    response.socket?.once('timeout', () => {
      stream.push('late');
      stream.push(null);
    });
    void send(asked, response, { status: 200, headers: TEXT, chunks: [], stream });
  });
  assert.is((await ask(scene)).body.toString(), 'late');
});

test.run();
