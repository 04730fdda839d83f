/**
 * Real outgoing proxies: HTTP, HTTPS with a certificate of its own, SOCKS5; the operator's and a client's.
 */

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseHost } from '../../src/egress/host.js';
import { operatorsWays, parseClientProxy, parseProxy } from '../../src/egress/proxies.js';
import type { OutgoingProxies } from '../../src/protocol/egress.js';
import { authority, type Certificate, certificateFor } from '../faults/certificates.js';
import { createScene, NO_PROXIES, reach, read, readAll, type Scene } from './scene.js';

interface Context {
  closes: (() => unknown)[];
  scene(settings?: Parameters<typeof createScene>[0]): Promise<Scene>;
  /** An https proxy needs a certificate. */
  proxy(kind: ProxyKind, certificate?: Certificate): Promise<TestProxy>;
}

type ProxyKind = 'http' | 'https' | 'socks5';

interface TestProxy {
  /** `host:port` */
  readonly at: string;
  /** What it was asked for, with the name and password that came with that. */
  readonly asked: string[];
}

const test = suite<Context>('egress/upstream');

test.before.each((context) => {
  context.closes = [];
  context.scene = async (settings) => {
    const scene = await createScene(settings);
    context.closes.push(() => scene.close());
    return scene;
  };
  context.proxy = (kind, certificate) => startProxy({ kind, certificate, closes: context.closes });
});
test.after.each(async ({ closes }) => {
  for (const close of closes) await close();
});

interface Started {
  readonly kind: ProxyKind;
  readonly certificate: Certificate | undefined;
  readonly closes: (() => unknown)[];
}

/** Always connects to this machine, whatever it is asked for; refuses `denied.example`. */
async function startProxy({ kind, certificate, closes }: Started): Promise<TestProxy> {
  const asked: string[] = [];
  const server = kind === 'socks5' ? socksProxy(asked) : httpProxy(certificate, asked);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  closes.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { at: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function httpProxy(certificate: Certificate | undefined, asked: string[]) {
  const pem = (path: string): string => readFileSync(path, 'utf8');
  // The option exists, though the types lack it.
  const halfOpen = { allowHalfOpen: true };
  const server = certificate
    ? createHttpsServer({ ...halfOpen, cert: pem(certificate.cert), key: pem(certificate.key) })
    : createHttpServer();
  return server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    const login = request.headers['proxy-authorization']?.replace('Basic ', '') ?? '';
    asked.push(`${request.url} ${Buffer.from(login, 'base64')}`.trim());
    if (request.url?.startsWith('denied.example')) return client.end('HTTP/1.1 407 Who are you\r\n\r\n');
    const far = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Fine\r\n\r\n');
      far.write(head);
      client.pipe(far).pipe(client);
    });
    return far.on('error', () => client.destroy());
  });
}

/** Expects each message in one piece, as its client sends it. */
function socksProxy(asked: string[]) {
  return createServer(async (client) => {
    const [, methods] = await read(client, 2);
    const isKnown = (await read(client, methods ?? 0)).includes(2);
    client.write(Buffer.from([5, isKnown ? 2 : 0]));
    let login = '';
    if (isKnown) {
      const name = await read(client, (await read(client, 2))[1] ?? 0);
      login = `${name}:${await read(client, (await read(client, 1))[0] ?? 0)}`;
      client.write(Buffer.from([1, 0]));
    }
    const [, , , kind] = await read(client, 4);
    const host =
      kind === 1 ? [...(await read(client, 4))].join('.') : `${await read(client, (await read(client, 1))[0] ?? 0)}`;
    const port = (await read(client, 2)).readUInt16BE();
    asked.push(`${host}:${port} ${login}`.trim());
    if (host === 'denied.example') return client.end(Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]));
    const far = connect(port, '127.0.0.1', () => {
      client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
      client.pipe(far).pipe(client);
    });
    return far.on('error', () => client.destroy());
  });
}

/** Speaks first. This may arrive together with the proxy's answer. */
const greet = (socket: Socket): void => {
  socket.write('hello ');
  socket.pipe(socket);
};

const operator = (proxies: Partial<OutgoingProxies>) => ({ proxies: { ...NO_PROXIES, ...proxies } });

for (const kind of ['http', 'socks5'] as const) {
  test(`goes through the operator's ${kind} proxy, by name, with its password`, async ({ scene, proxy }) => {
    const through = await proxy(kind);
    const { egress, serve, open, names } = await scene(operator({ all: `${kind}://me:s%20%3A@${through.at}` }));
    names.set('far.example', ['127.6.6.6']);
    const to = await serve(greet);
    const { exit, port } = await open();
    const { code, socket } = await reach(port, 'far.example', to);
    assert.is(code, 0);
    socket.write('you');
    assert.is(String(await read(socket, 9)), 'hello you');
    assert.equal(through.asked, [`far.example:${to} me:s :`]);
    const [address, at] = through.at.split(':');
    assert.equal(egress.fateOf(exit, 'far.example', to), { kind: 'dialled', address, port: Number(at) });
  });

  test(`tells what an ${kind} proxy refuses as the proxy's`, async ({ scene, proxy }) => {
    const through = await proxy(kind);
    const { egress, open, counts } = await scene(operator({ all: `${kind}://${through.at}` }));
    const { exit, port } = await open();
    assert.is((await reach(port, 'denied.example', 443)).code, 1);
    const fate = egress.fateOf(exit, 'denied.example', 443);
    assert.is(fate?.kind === 'refused' && fate.netError, 'net::ERR_PROXY_CONNECTION_FAILED');
    assert.match(fate?.kind === 'refused' ? fate.message : '', `proxy ${through.at}: `);
    assert.equal(counts.refusals, ['proxy']);
  });
}

test('goes through an https proxy that somebody trusted has signed for, and no other', async ({
  scene,
  proxy,
  closes,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'egress-proxy-'));
  closes.push(() => rmSync(folder, { recursive: true }));
  const issuer = authority({ folder, name: 'issuer' });
  const through = await proxy('https', certificateFor('proxy.localhost', { folder, name: 'proxy', issuer }));
  const proxies = operator({ all: `https://me:secret@proxy.localhost:${through.at.split(':')[1]}` });
  const trusting = await scene({ ...proxies, authorities: [readFileSync(issuer.cert, 'utf8')] });
  const to = await trusting.serve(greet);
  const { socket } = await reach((await trusting.open()).port, 'far.example', to);
  socket.end('you');
  assert.is(await readAll(socket), 'hello you', 'half-open too');
  assert.equal(through.asked, [`far.example:${to} me:secret`]);

  const other = await scene(proxies);
  const { exit, port } = await other.open();
  assert.is((await reach(port, 'far.example', to)).code, 1);
  const fate = other.egress.fateOf(exit, 'far.example', to);
  assert.is(fate?.kind === 'refused' && fate.reason, 'proxy');
  assert.is(through.asked.length, 1);
});

test("a proxy that is not there, or hangs up, is the proxy's failure", async ({ scene }) => {
  const other = await scene();
  const hangsUp = await other.serve((socket) => socket.destroy());
  const gone = await other.open();
  other.egress.close(gone.exit);
  for (const at of [hangsUp, gone.port]) {
    for (const kind of ['http', 'https', 'socks5']) {
      const { egress, open } = await scene(operator({ all: `${kind}://127.0.0.1:${at}` }));
      const { exit, port } = await open();
      assert.is((await reach(port, 'far.example', 443)).code, 1, kind);
      const fate = egress.fateOf(exit, 'far.example', 443);
      assert.is(fate?.kind === 'refused' && fate.reason, 'proxy', kind);
    }
  }
});

test('loopback and what NO_PROXY names go directly, under the policy', async ({ scene, proxy }) => {
  const through = await proxy('http');
  const all = `http://${through.at}`;
  const none = 'near.example, .below.example 127.8.0.0/16, port.example:1';
  const { serve, open, names } = await scene({ ...operator({ all, none }), deny: '127.6.6.6' });
  const to = await serve(greet, '0.0.0.0');
  for (const name of ['near.example', 'x.near.example', 'below.example', 'x.below.example'])
    names.set(name, ['127.0.0.1']);
  names.set('bad.near.example', ['127.6.6.6']);
  const { port } = await open();
  for (const name of [...names.keys(), 'localhost', '127.0.0.1', '127.8.1.1']) {
    assert.is((await reach(port, name, to)).code, name.startsWith('bad.') ? 2 : 0, name);
  }
  assert.equal(through.asked, []);
  assert.is((await reach(port, 'port.example', to)).code, 0);
  assert.equal(through.asked, [`port.example:${to}`], 'another port of it does not');
});

test('names and literals are judged behind a proxy too, and what the hosts file knows', async ({ scene, proxy }) => {
  const through = await proxy('http');
  const { open } = await scene({ ...operator({ all: `http://${through.at}` }), policy: 'public', deny: 'bad.example' });
  const { port } = await open();
  for (const host of [
    'bad.example',
    '10.0.0.1',
    '169.254.169.254',
    '[fe80::1]',
    'metadata.google.internal',
    'localhost',
  ]) {
    assert.is((await reach(port, host, 80)).code, 2, host);
  }
  assert.equal(through.asked, []);
});

test("a client's own proxy takes the operator's place, save for what it lets by", async (context) => {
  const [operators, clients] = [await context.proxy('http'), await context.proxy('socks5')];
  const { egress, serve, open } = await context.scene(operator({ all: `http://${operators.at}` }));
  const to = await serve(greet);
  const { exit, port } = await open();
  const bypass = '*.by.example, <local>';
  egress.setProxy(exit, { server: `socks5://${clients.at}`, username: 'u', password: 'p', bypass });
  for (const name of ['far.example', 'x.by.example', 'plain']) assert.is((await reach(port, name, to)).code, 0, name);
  assert.equal(clients.asked, [`far.example:${to} u:p`]);
  assert.equal(operators.asked, [`x.by.example:${to}`, `plain:${to}`]);
  const other = await open();
  assert.is((await reach(other.port, 'far.example', to)).code, 0);
  assert.is(clients.asked.length, 1, 'other sessions have no part in it');
});

test("a client's proxy is judged as a destination is", async ({ scene }) => {
  const { egress, serve, open, names } = await scene({ deny: '127.6.6.6' });
  const server = await serve(() => assert.unreachable('reached'));
  egress.setListeners([server]);
  names.set('inside.example', ['127.6.6.6']);
  const { exit, port } = await open();
  for (const [proxy, reason] of [
    [`http://127.0.0.1:${server}`, 'listener'],
    [`socks5://localhost:${port}`, 'listener'],
    ['http://127.6.6.6:3128', 'policy'],
    ['http://inside.example:3128', 'policy'],
    ['ftp://far.example', 'proxy'],
    ['', 'proxy'],
  ] as const) {
    egress.setProxy(exit, { server: proxy });
    await reach(port, 'far.example', 443);
    const fate = egress.fateOf(exit, 'far.example', 443);
    assert.is(fate?.kind === 'refused' && fate.reason, reason, proxy);
  }
});

test('chooses by port', () => {
  const ways = operatorsWays({
    http: 'a.example:1',
    https: 'https://b.example',
    all: 'socks5://c.example',
    none: null,
  });
  const host = parseHost('far.example');
  assert.ok(host);
  assert.is(ways.proxyFor(host, 80)?.host.text, 'a.example');
  assert.is(ways.proxyFor(host, 443)?.host.text, 'b.example');
  assert.is(ways.proxyFor(host, 443)?.port, 443);
  assert.is(ways.proxyFor(host, 8080)?.host.text, 'b.example');
  const rest = operatorsWays({ http: null, https: 'b.example', all: 'socks5://c.example', none: '*.x' });
  assert.is(rest.proxyFor(host, 80)?.kind, 'socks5');
  assert.is(operatorsWays({ ...NO_PROXIES, all: 'c.example', none: '*' }).proxyFor(host, 80), null);
});

test('says what is no proxy, without its password', () => {
  for (const text of [
    'socks4://a',
    'http://',
    'http://u:secret@a b',
    'pac+http://u:secret@a',
    `http://u:${'secret'.repeat(50)}@a`,
  ]) {
    const parsed = parseProxy(text);
    assert.is(parsed.kind, 'error', text);
    assert.not.match(parsed.kind === 'error' ? parsed.message : '', 'secret');
  }
  assert.is(parseClientProxy({ server: 'a', username: 'x'.repeat(256) }).kind, 'error');
});

test.run();
