/**
 * Clients that know less: chrome-remote-interface, a bare WebSocket, and clients that ask `/json/version` first.
 */

import { once } from 'node:events';
import connectCdp from 'chrome-remote-interface';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { deadline } from '../deadline.js';
import { WAIT_MS } from './both.js';
import { openService, type Service } from './service.js';
import { openSite, type Site } from './site.js';

interface Scene {
  site: Site;
  service: Service;
}

const test = suite<Scene>('clients/others');

test.before(async (scene) => {
  scene.site = await openSite();
  scene.service = await openService(`${scene.site.origin}/tall`);
});

test.after(async ({ service, site }) => {
  await service.close();
  site.close();
});

/** The same few commands, for every client. Returns the picture. */
async function takePicture(send: Send, url: string): Promise<Buffer> {
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const inPage = { sessionId: String(sessionId) };
  await send('Page.enable', {}, inPage);
  await send('Page.navigate', { url }, inPage);
  const title =
    'new Promise((go) => { const look = () => document.title ? go(document.title) : setTimeout(look, 20); look() })';
  const { result } = await send('Runtime.evaluate', { expression: title, awaitPromise: true }, inPage);
  assert.is(Object(result).value, 'Home');
  const { data } = await send('Page.captureScreenshot', {}, inPage);
  await send('Target.closeTarget', { targetId });
  return Buffer.from(String(data), 'base64');
}

type Result = Readonly<Record<string, unknown>>;
type Send = (method: string, params: object, inPage?: { sessionId: string }) => Promise<Result>;

function checkPicture(picture: Buffer): void {
  assert.is(picture.subarray(1, 4).toString(), 'PNG');
  assert.ok(picture.length > 500);
}

test('chrome-remote-interface takes a picture, by the address of the WebSocket', async ({ service, site }) => {
  const client = await deadline(connectCdp({ target: service.endpoint, local: true }), WAIT_MS, 'to connect');
  const send: Send = (method, params, inPage) => client.send(method, params, inPage?.sessionId);
  checkPicture(await deadline(takePicture(send, site.origin), WAIT_MS, 'the picture'));
  await client.close();
});

test('a WebSocket takes a picture', async ({ service, site }) => {
  const socket = new WebSocket(service.endpoint);
  await deadline(once(socket, 'open'), WAIT_MS, 'to connect');
  const waiting = new Map<number, (answer: { result: Result }) => void>();
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data));
    waiting.get(answer.id)?.(answer);
  });
  const send: Send = async (method, params, inPage) => {
    const id = waiting.size + 1;
    const answered = new Promise<{ result: Result }>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, ...inPage }));
    return (await answered).result;
  };
  checkPicture(await deadline(takePicture(send, site.origin), WAIT_MS, 'the picture'));
  socket.close();
  await deadline(once(socket, 'close'), WAIT_MS, 'its end');
});

test('/json/version says where to connect, and HEAD the same without a body', async ({ service }) => {
  const url = `${service.url}/json/version?token=${service.token}`;
  const response = await fetch(url);
  assert.is(response.status, 200);
  const version: Record<string, string> = JSON.parse(await response.text());
  assert.match(version['Browser'] ?? '', /Chrome\/\d+/);
  assert.is(version['Protocol-Version'], '1.3');
  const socket = new WebSocket(version['webSocketDebuggerUrl'] ?? '', {
    headers: { authorization: `Bearer ${service.token}` },
  });
  await deadline(once(socket, 'open'), WAIT_MS, 'to connect there');
  socket.close();
  await deadline(once(socket, 'close'), WAIT_MS, 'its end');
  const head = await fetch(url, { method: 'HEAD' });
  assert.equal(
    [head.status, head.headers.get('content-type'), await head.text()],
    [200, response.headers.get('content-type'), ''],
  );
  assert.is((await fetch(`${service.url}/json/version`)).status, 401);
});

test('the server is at rest, and its own jobs have all succeeded', async ({ service }) => {
  await service.checkRest();
});

test.run();
