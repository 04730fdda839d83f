/**
 * What leaves the machine while pages try all that does not go through a proxy. The server is on a machine of its own,
 * and whoever is at the other end of its only cable sees each packet. Beside it runs a Chromium without our flags.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { discoverChromium } from '../../src/chromium/discover.js';
import { deadline, until } from '../deadline.js';
import { type Program, startProgram } from '../end-to-end/program.js';
import { certificateFor } from '../faults/certificates.js';
import { needs } from '../faults/needs.js';
import { makeTempDir } from '../temp-dir.js';
import { createIsland, ISLAND_TOOLS, type Island } from './island.js';

interface Context {
  folder: string;
  island: Island;
  /** At port 443 of the far end, for every name. */
  site: Server;
  ends: (() => unknown)[];
}

const WAIT_MS = 30_000;
/** On the server's machine somebody listens there, at the far end nobody. */
const CANARY_PORT = 8_443;
/** Of TURN servers over TCP that a page may reach. */
const TURN_PORTS = [3_480, 5_349];
/** Names in the page to which no proxy is asked to lead. */
const NEVER_DIALLED = ['prefetched', 'preconnected', 'linked', 'stun', 'turn-udp', 'turn-tcp', 'transport'].map(
  (name) => `${name}.test`,
);

const test = suite<Context>('safety/packets');
const islandTest = needs(test, { root: true, tools: [...ISLAND_TOOLS, 'openssl'] });

async function onIsland(use: (context: Context) => Promise<void>): Promise<void> {
  const folder = makeTempDir('packets');
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const island = await createIsland(folder);
    ends.push(island.close);
    island.place('/etc/resolv.conf', `nameserver ${island.far}\nsearch inner.test\noptions ndots:5\n`);
    island.place('/etc/hosts', `127.0.0.1 localhost\n${island.far} known.test\n`);
    const certificate = certificateFor('*.test', { folder, name: 'site' });
    const site = await startSite(island, { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) });
    ends.push(
      () => site.closeAllConnections(),
      () => site.close(),
    );
    await use({ folder, island, site, ends });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Takes connections, and never sends anything. */
async function listenSilently({ island, ends }: Context, port: number): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => sockets.add(socket.on('error', () => {}))).listen(port, island.far);
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}

/** Asks for HTTP/3 everywhere. `/way-out` is the page that tries to get out. */
async function startSite(
  island: Island,
  certificate: { readonly cert: Buffer; readonly key: Buffer },
): Promise<Server> {
  const server = createServer(certificate, ({ url = '' }, response) => {
    response.setHeader('alt-svc', 'h3=":443"; ma=3600, h3-29=":443"; ma=3600');
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('content-type', 'text/html');
    if (url === '/flips') return response.end(FLIPPING_PAGE);
    return response.end(url.startsWith('/way-out') ? wayOutPage(island.far) : `<p>here is ${url}`);
  });
  await new Promise<void>((resolve) => server.listen(443, island.far, resolve));
  return server;
}

/** Asks for its own host, where nobody listens until the name leads to another address. */
const FLIPPING_PAGE = `<!doctype html><body><script type="module">
  const secret = 'https://' + location.hostname + ':${CANARY_PORT}/';
  for (let i = 0; i < 3; i++) await fetch(secret, { mode: 'no-cors' }).catch(() => {});
  await new Promise((resolve) => { new WebSocket(secret.replace('https', 'wss')).onclose = resolve; });
  await new Promise((resolve) => Object.assign(new Image(), { src: secret, onerror: resolve }));
  document.body.append(Object.assign(document.createElement('p'), { id: 'done' }));
</script>`;

/** When it is done, its `#done` is there. */
function wayOutPage(far: string): string {
  return `<!doctype html>
  <link rel="dns-prefetch" href="//prefetched.test"><link rel="preconnect" href="https://preconnected.test">
  <a href="https://linked.test/">a link</a><body><script type="module">
    const servers = [
      'stun:${far}:3478', 'stun:stun.test:3478',
      'turn:${far}:3479?transport=udp', 'turn:turn-udp.test:3479?transport=udp',
      'turn:${far}:3480?transport=tcp', 'turn:turn-tcp.test:3480?transport=tcp',
      'turns:${far}:5349?transport=tcp', 'turns:turns.test:5349?transport=tcp', 'turn:${far}:3481?transport=tcp',
    ];
    const candidates = [];
    const gathered = servers.map((urls) => new Promise((resolve) => {
      const peer = new RTCPeerConnection({ iceServers: [{ urls, username: 'u', credential: 'p' }] });
      peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && resolve();
      peer.onicecandidate = ({ candidate }) => candidate?.candidate && candidates.push(candidate.candidate);
      peer.createDataChannel('x');
      peer.createOffer().then((offer) => peer.setLocalDescription(offer));
    }));
    const transports = ['https://${far}:4433/', 'https://transport.test:4433/'].map(async (url) => {
      const transport = new WebTransport(url);
      await transport.ready;
    });
    const twice = async (url) => { await (await fetch(url)).text(); return fetch(url + '?again'); };
    const socket = new Promise((resolve) => { new WebSocket('wss://socket.test/').onclose = resolve; });
    const rest = [twice('https://quic.test/'), fetch('https://large.test/'), fetch('https://known.test/'), socket];
    const all = Promise.allSettled([...gathered, ...transports, ...rest]);
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 3_000))]);
    const told = candidates.join(', ');
    document.body.append(Object.assign(document.createElement('p'), { id: 'done', textContent: told }));
  </script>`;
}

async function startOn({ island, folder, ends }: Context, settings: Readonly<Record<string, string>>) {
  const program = await startProgram({
    settings: {
      TMPDIR: folder,
      WORKERS: '1',
      HOST: '0.0.0.0',
      ALLOW_ANONYMOUS: 'true',
      ALLOW_INSECURE_CERTS: 'true',
      ...settings,
    },
    command: [...island.within, process.execPath],
  });
  ends.push(() => endProgram(program));
  const { port } = new URL(program.url);
  return async (path: string, body: object): Promise<readonly [number, string]> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const asked = JSON.stringify({ acceptInsecureCerts: true, ...body });
    const answer = await fetch(`http://${island.near}:${port}${path}`, { ...init, body: asked });
    return [answer.status, await answer.text()];
  };
}

async function endProgram({ child, exit }: Program): Promise<void> {
  child.kill('SIGTERM');
  await deadline(exit, WAIT_MS, 'the end of the server');
}

islandTest('nothing leaves the machine but connections of pages, and questions for names that they lead to', () =>
  onIsland(async (context) => {
    const { island } = context;
    const { far, names, large, questions } = island;
    const dialled = ['page', 'quic', 'large', 'socket', 'turns'].map((name) => `${name}.test`);
    for (const name of [...dialled, ...NEVER_DIALLED]) names.set(name, () => [far]);
    large.add('large.test');
    // The server asks nobody for a name that is denied by itself. So whoever asks for it is Chromium.
    await Promise.all(TURN_PORTS.map((port) => listenSilently(context, port)));
    const ask = await startOn(context, { NETWORK_DENY: `${far}:3481 turn-tcp.test` });
    const body = { url: 'https://page.test/way-out', waitForSelector: { selector: '#done', timeout: 20_000 } };
    for (const make of [{}, { setExtraHTTPHeaders: {} }]) {
      questions.length = 0;
      const [status, text] = await ask('/content', { ...body, ...make });
      assert.is(status, 200, text);
      assert.match(text, '<p id="done"></p>', 'no address of the machine is told to the page');
      const asked = dialled.flatMap((name) => [`A ${name}`, `AAAA ${name}`]);
      // The large one's answer comes by a datagram first, and then by a connection.
      assert.equal([...questions].sort(), [...asked, 'A large.test', 'AAAA large.test'].sort());
    }
    const own = ['tcp 443', 'tcp 3480', 'tcp 5349', 'tcp 53', 'udp 53'];
    assert.equal(island.packets(), own.map((one) => one.replace(' ', ` ${far} `)).sort());
  }),
);

islandTest('a Chromium without our flags sends what the witness is there for', () =>
  onIsland(async ({ folder, island, ends }) => {
    const { far, names, questions } = island;
    for (const name of ['page.test', 'quic.test', ...NEVER_DIALLED]) names.set(name, () => [far]);
    const executablePath = join(folder, 'chromium');
    const homeDir = process.env['HOME'] ?? folder;
    const { path, env } = await discoverChromium({
      setting: undefined,
      homeDir,
      cacheDir: `${homeDir}/.cache/headcount`,
      playwrightBrowsersPath: undefined,
      progress: () => {},
    });
    writeFileSync(executablePath, `#!/bin/sh\nexec ${island.within.join(' ')} '${path}' "$@"\n`, { mode: 0o755 });
    const browser = await chromium.launch({
      executablePath,
      chromiumSandbox: false,
      env: { ...process.env, ...env } as Record<string, string>,
    });
    ends.push(() => browser.close());
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto('https://page.test/way-out');
    await page.waitForSelector('#done', { state: 'attached', timeout: WAIT_MS });
    assert.match((await page.locator('#done').textContent()) ?? '', ' typ host ');
    const packets = island.packets();
    const expected = ['udp 3478', 'udp 3479', 'udp 4433', 'tcp 3481'].map((one) => one.replace(' ', ` ${far} `));
    const missing = [...expected, 'udp 224.0.0.251 5353'].filter((one) => !packets.includes(one));
    assert.equal(missing, [], `${packets}`);
    const unasked = ['A turn-tcp.test', 'A stun.test', 'A page.test.inner.test'].filter(
      (one) => !questions.includes(one),
    );
    assert.equal(unasked, [], `${questions}`);
  }),
);

/** A listener on the server's machine that no page may reach, at every address. Returns how many have come. */
async function startCanary({ island, ends }: Context): Promise<() => number> {
  const script = `require('net').createServer((socket) => { console.log('came'); socket.destroy(); })
    .listen(${CANARY_PORT}, '0.0.0.0', () => console.log('listening'))`;
  const [file = '', ...args] = [...island.within, process.execPath, '-e', script];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  ends.push(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await until(() => output !== '', WAIT_MS, 'a canary');
  return () => output.split('came').length - 1;
}

islandTest('a name that leads elsewhere at the next look-up leads nowhere that is denied', () =>
  onIsland(async (context) => {
    const { far, names, questions } = context.island;
    const cameToCanary = await startCanary(context);
    names.set('page.test', () => [far]);
    names.set('page.inner.test', () => [far]);
    names.set('both.test', () => [far, '127.0.0.1']);
    const flips = { 'loopback.test': '127.0.0.1', 'metadata.test': '169.254.169.254' };
    for (const [name, address] of Object.entries(flips)) names.set(name, (before) => [before === 0 ? far : address]);
    const waitForSelector = { selector: '#done', timeout: 20_000 };

    const ask = await startOn(context, { NETWORK_POLICY: 'public', NETWORK_ALLOW: far });
    for (const name of Object.keys(flips)) {
      const [status, text] = await ask('/content', { url: `https://${name}/flips`, waitForSelector });
      assert.is(status, 200, text);
      assert.ok(questions.filter((one) => one === `A ${name}`).length > 1, `${questions}`);
      const [later, reason] = await ask('/content', { url: `https://${name}/` });
      assert.is(later, 403, reason);
    }
    assert.is((await ask('/content', { url: 'https://both.test/' }))[0], 403);
    assert.is((await ask('/content', { url: 'https://known.test/' }))[0], 200);
    const [status, text] = await ask('/content', { url: 'https://page/' });
    assert.is(status, 502, text);
    assert.match(text, 'ERR_NAME_NOT_RESOLVED');
    assert.is(cameToCanary(), 0);
    assert.equal(
      questions.filter((one) => /known|inner/.test(one)),
      [],
    );

    questions.length = 0;
    const askOpen = await startOn(context, { NETWORK_POLICY: 'open' });
    assert.is((await askOpen('/content', { url: 'https://loopback.test/flips', waitForSelector }))[0], 200);
    assert.ok(cameToCanary() > 0, 'whose policy allows it gets there');
  }),
);

test.run();
