/**
 * What may go wrong with a client: it floods, stalls, resets, sends what is nothing; its browser is killed under it;
 * its time is up. It ends alone, with the code that says why, and nothing is left of it.
 */

import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { deadline } from '../../deadline.js';
import { openRawClient, type RawClient } from './raw-client.js';
import { type BrokerScene, OPTIONS, openScene, type Session, WAIT_MS } from './scene.js';

interface Scene {
  broker: BrokerScene;
  /** Who must not notice anything. */
  session: Session;
  bystander: RawClient;
  page: { readonly sessionId: string };
}

const test = suite<Scene>('worker/broker/faults');

test.before(async (scene) => {
  scene.broker = await openScene();
});

test.before.each(async (scene) => {
  scene.session = await scene.broker.session();
  scene.bystander = await openRawClient(scene.session.url);
  scene.page = await scene.bystander.openPage();
});

test.after.each(async ({ broker, session, bystander, page }) => {
  const { result } = await bystander.get('Runtime.evaluate', { expression: '6 * 7' }, page.sessionId);
  assert.is(result.value, 42);
  bystander.socket.close();
  await deadline(session.released, WAIT_MS, 'the session to be released');
  assert.is((await session.outcome).isOk, true);
  await broker.atRest();
});

test.after(async ({ broker }) => {
  await broker.close();
});

/** How it ended: code, and what is counted. */
async function ended({ outcome, released }: Session): Promise<string> {
  const said = await deadline(outcome, WAIT_MS, 'an outcome');
  await deadline(released, WAIT_MS, 'the session to be released');
  return said.isOk ? 'closed' : `${said.code}: ${said.message}`;
}

const UNREADABLE = [
  'null',
  '5',
  '"x"',
  '[]',
  '{}',
  '{',
  '',
  '\0',
  '{"id":1}',
  '{"id":"1","method":"Browser.getVersion"}',
  '{"id":-1,"method":"Browser.getVersion"}',
  '{"id":1.5,"method":"Browser.getVersion"}',
  '{"id":1000000000,"method":"Browser.getVersion"}',
  '{"id":1,"method":5}',
  '{"id":1,"method":"Browser.getVersion","params":[]}',
  '{"id":1,"method":"Browser.getVersion","params":null}',
  '{"id":1,"method":"Browser.getVersion","sessionId":{}}',
];

test('a frame that is no command ends its client, with 1007', async ({ broker }) => {
  for (const text of UNREADABLE) {
    const session = await broker.session();
    const client = await openRawClient(session.url);
    client.socket.send(text);
    assert.match(await client.closed(), /^1007 /, text);
    assert.is(
      await ended(session),
      'BAD_REQUEST: a frame of the client is no command of CDP; with Playwright, use chromium.connectOverCDP',
      text,
    );
  }
});

test('what is nested without end is taken or ends its client, and nobody else', async ({ broker }) => {
  const session = await broker.session();
  const client = await openRawClient(session.url);
  const { sessionId } = await client.openPage();
  const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
  client.socket.send(`{"id":9999,"method":"Runtime.evaluate","params":{"x":${deep}},"sessionId":"${sessionId}"}`);
  assert.match(await client.closed(), /^1007 /);
  assert.match(await ended(session), /^BAD_REQUEST: a frame of the client/);
});

test('a message beyond what may be sent ends its client, with 1009', async ({ broker }) => {
  const session = await broker.session({ maxPayloadBytes: 1000 });
  const client = await openRawClient(session.url);
  client.socket.send('x'.repeat(1001));
  assert.match(await client.closed(), /^1009 /);
  assert.is(await ended(session), 'BAD_REQUEST: a message is larger than MAX_MESSAGE_SIZE');
});

test('who asks without end for what is never answered is ended, with 1008', async ({ broker }) => {
  const session = await broker.session();
  const client = await openRawClient(session.url);
  const { sessionId } = await client.openPage();
  const params = { expression: 'new Promise(() => {})', awaitPromise: true };
  for (let i = 0; i <= 10_001; i++) {
    client.socket.send(JSON.stringify({ id: 1000 + i, method: 'Runtime.evaluate', params, sessionId }));
  }
  assert.match(await client.closed(), /^1008 more commands/);
  assert.is(await ended(session), 'SESSION_FAILED: more commands than can be answered');
});

test('who does not read is cut off', async ({ broker }) => {
  const session = await broker.session({ maxBufferedBytes: 2 ** 20 });
  const client = await openRawClient(session.url);
  const { sessionId } = await client.openPage();
  client.socket.pause();
  const expression = "'x'.repeat(2 ** 20)";
  for (let id = 1000; id < 1030; id++) {
    const params = { expression, returnByValue: true };
    client.socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params, sessionId }));
  }
  assert.is(await ended(session), 'SESSION_FAILED: the client reads too slowly');
  client.socket.terminate();
});

test('one answer larger than all that may wait is given to whoever reads', async ({ broker }) => {
  const session = await broker.session({ maxBufferedBytes: 1000 });
  const client = await openRawClient(session.url);
  const { sessionId } = await client.openPage();
  const params = { expression: "'x'.repeat(2 ** 20)", returnByValue: true };
  const { result } = await client.get('Runtime.evaluate', params, sessionId);
  assert.is(result.value.length, 2 ** 20);
  client.socket.close();
  assert.is(await ended(session), 'closed');
});

test('who is silent for longer than it may is ended, with 1001', async ({ broker }) => {
  const session = await broker.session({ idleMs: 50 });
  const client = await openRawClient(session.url);
  assert.match(await client.closed(), /^1001 idle/);
  assert.is(await ended(session), 'SESSION_TIMEOUT: idle: the client has sent nothing for 50 ms');
});

test('who vanishes has gone', async ({ broker }) => {
  const session = await broker.session();
  const client = await openRawClient(session.url);
  await client.openPage();
  client.socket.terminate();
  assert.is(await ended(session), 'closed');
});

test('whose session is settled is ended, with 1001', async ({ broker }) => {
  const session = await broker.session();
  const client = await openRawClient(session.url);
  await client.openPage();
  session.cancel();
  assert.match(await client.closed(), /^1001 /);
  await deadline(session.released, WAIT_MS, 'the session to be released');
});

test('a ticket opens one connection, and nothing else opens any', async ({ broker }) => {
  const session = await broker.session();
  const client = await openRawClient(session.url);
  await client.openPage();
  for (const url of [session.url, `${session.url}x`]) {
    const again = new WebSocket(url);
    const failure = await deadline(new Promise<Error>((resolve) => again.on('error', resolve)), WAIT_MS, 'its refusal');
    assert.match(failure.message, /hang up|closed|ECONNRESET/);
  }
  client.socket.close();
  assert.is(await ended(session), 'closed');
});

test('resets in the midst of the handshake leave nothing behind', async ({ broker }) => {
  const sessions = await Promise.all(Array.from({ length: 50 }, () => broker.session()));
  for (const { url } of sessions) {
    const { port, pathname, host } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n',
      () => socket.resetAndDestroy(),
    );
  }
  // Those that had their answer have closed; the others never came.
  for (const session of sessions) assert.match(await ended(session), /^closed$|^CLIENT_CLOSED/);
});

test('contexts that are made or disposed of when their client leaves go with it, counted once', async ({ broker }) => {
  const before = broker.shard.contextsOpen();
  for (const leave of ['close', 'terminate'] as const) {
    const session = await broker.session();
    const client = await openRawClient(session.url);
    const send = (id: number, method: string, params = {}): void =>
      client.socket.send(JSON.stringify({ id, method, params }));
    const { browserContextId } = await client.get('Target.createBrowserContext');
    for (let id = 1_001; id < 1_003; id++) send(id, 'Target.disposeBrowserContext', { browserContextId });
    for (let id = 2_000; id < 2_020; id++) send(id, 'Target.createBrowserContext');
    for (let id = 3_000; id < 3_010; id++) send(id, 'Target.createTarget', { url: 'about:blank' });
    client.socket[leave]();
    await ended(session);
    assert.is(broker.shard.contextsOpen(), before, leave);
    assert.is(await broker.shard.strayContexts(), 0, leave);
  }
});

test('no more pages are made than a client may have, however fast it asks', async ({ broker }) => {
  const session = await broker.session();
  const client = await openRawClient(session.url);
  const asked = Array.from({ length: 110 }, () => client.ask('Target.createTarget', { url: 'about:blank' }));
  const answers = await deadline(Promise.all(asked), WAIT_MS, 'all answers');
  const refusals = answers.flatMap(({ error }) => error?.message ?? []);
  assert.equal([refusals.length, new Set(refusals)], [10, new Set(['headcount: at most 100 pages'])]);
  client.socket.close();
  await ended(session);
});

test('a client that never comes ends its session', async ({ broker }) => {
  const session = await broker.session();
  session.cancel();
  await deadline(session.released, WAIT_MS, 'the session to be released');
});

// By how much it delays others is measured in bench/load/clients.ts.
test('another client is answered while a message as large as may be is under way', async ({
  broker,
  bystander,
  page,
}) => {
  const session = await broker.session({ maxPayloadBytes: OPTIONS.maxPayloadBytes });
  const client = await openRawClient(session.url);
  const { sessionId } = await client.openPage();
  const large = 'x'.repeat(OPTIONS.maxPayloadBytes - 1000);
  const answered: string[] = [];
  await Promise.all([
    client.get('Runtime.evaluate', { expression: `'${large}'.length` }, sessionId).then(() => answered.push('large')),
    bystander.get('Browser.getVersion').then(() => answered.push('other')),
  ]);
  assert.equal(answered, ['other', 'large']);
  assert.is((await bystander.get('Runtime.evaluate', { expression: '1' }, page.sessionId)).result.value, 1);
  client.socket.close();
  assert.is(await ended(session), 'closed');
});

test.run();

const others = suite('worker/broker/faults of what clients need');

others('of a browser that is killed all clients are told, those that have not come as well', async () => {
  const broker = await openScene();
  const sessions = [await broker.session(), await broker.session(), await broker.session()];
  const clients = await Promise.all(sessions.slice(0, 2).map(({ url }) => openRawClient(url)));
  await clients[0]?.openPage();
  broker.browser.kill('shutdown');
  for (const client of clients) assert.match(await client.closed(), /^1011 the browser crashed/);
  for (const session of sessions) assert.is(await ended(session), 'BROWSER_CRASHED: the browser crashed');
  await broker.close();
});

others('the loss of its way out ends a client', async () => {
  const broker = await openScene();
  const session = await broker.session();
  const client = await openRawClient(session.url);
  await client.openPage();
  broker.exits.lose();
  assert.match(await client.closed(), /^1011 the egress thread died/);
  assert.is(await ended(session), 'WORKER_CRASHED: the egress thread died');
  await broker.atRest();
  await broker.close();
});

others.run();
