/**
 * The configurations for real proxies that users are given: what works without one works through one, and where the
 * server does not know of its proxy, it says what to set.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { deadline, until } from '../deadline.js';
import { openBrowser, openTab } from '../end-to-end/browser.js';
import { ready, start } from '../end-to-end/server.js';
import { type Certificate, certificateFor } from './certificates.js';
import { needs } from './needs.js';

const test = suite('faults/proxies');
const nginxTest = needs(test, { tools: ['nginx', 'openssl'] });
const haproxyTest = needs(test, { tools: ['haproxy', 'openssl'] });
/** Browsers take it for this machine, and the server does not. */
const NAME = 'proxy.localhost';
const WITHOUT_BROWSER = { WORKERS: '1', CHROMIUM_PATH: '/nowhere' };
const WAIT_MS = 20_000;
const PAGE = 'src/http/proxies.md';
const tempDir = mkdtempSync(join(tmpdir(), 'headcount-test-proxies-'));

test.after(() => rmSync(tempDir, { recursive: true }));

interface Site {
  readonly folder: string;
  readonly port: number;
  /** Host and port of the server behind the proxy. */
  readonly upstream: string;
  readonly certificate: Certificate;
}

/** How a proxy is started, from what users are told of it. */
interface Kind {
  readonly path: string;
  readonly command: (site: Site) => string[];
}

const NGINX: Kind = {
  path: '/pool',
  command({ folder, port, upstream, certificate }) {
    const block = pageBlock('nginx')
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('/etc/ssl/tools.example.pem', certificate.cert)
      .replace('/etc/ssl/tools.example.key', certificate.key)
      .replace('127.0.0.1:3000', upstream);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (one) => `${one}_temp_path ${folder}/${one};`,
    );
    const around = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/log; events {}`;
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, `${around}\nhttp { access_log off; ${paths.join(' ')}\n${block}}`);
    return ['nginx', '-c', file, '-e', `${folder}/log`];
  },
};

const HAPROXY: Kind = {
  path: '',
  command({ folder, port, upstream, certificate }) {
    const both = join(folder, 'both.pem');
    writeFileSync(both, readFileSync(certificate.cert, 'utf8') + readFileSync(certificate.key, 'utf8'));
    const block = pageBlock('haproxy')
      .replace('bind :443', `bind 127.0.0.1:${port}`)
      .replace('/etc/ssl/chrome.example.pem', both)
      .replace('127.0.0.1:3000', upstream);
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, block);
    return ['haproxy', '-db', '-f', file];
  },
};

function pageBlock(language: string): string {
  const [, block] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(readFileSync(PAGE, 'utf8')) ?? [];
  assert.ok(block, `${language} in ${PAGE}`);
  return block;
}

/** A port that nobody has at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Proxied {
  readonly url: string;
  /** Of the authority that has issued its certificate. */
  readonly ca: Buffer;
  readonly logged: readonly string[];
  ask(path: string, options?: { readonly headers?: Record<string, string>; readonly body?: object }): Promise<Answer>;
  open(path: string): Promise<IncomingMessage>;
}

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

/** A server behind a proxy of this kind. All of it is removed afterwards. */
async function behind(
  kind: Kind,
  { isKnown, settings }: { readonly isKnown: boolean; readonly settings: Record<string, string> },
  use: (proxied: Proxied) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tempDir, 'proxy-'));
  const port = await freePort();
  const url = `https://${NAME}:${port}${kind.path}`;
  const server = await start({ ...settings, ...(isKnown ? { PROXY_URL: url, TRUST_PROXY: '127.0.0.1' } : {}) });
  let proxy: ChildProcess | null = null;
  try {
    const certificate = certificateFor(NAME, { folder, name: 'proxy' });
    const upstream = new URL(server.url).host;
    const [file = '', ...args] = kind.command({ folder, port, upstream, certificate });
    proxy = spawn(file, args, { stdio: 'ignore' });
    await until(() => isListening(port), WAIT_MS, 'the proxy to listen');
    if (isKnown) await ready(server);
    const ca = readFileSync(certificate.cert);
    const open = (path: string, { headers = {}, body }: Parameters<Proxied['ask']>[1] = {}): Promise<IncomingMessage> =>
      deadline(
        new Promise((resolve, reject) => {
          const to = { host: '127.0.0.1', port, path: kind.path + path, servername: NAME, ca, agent: false as const };
          const type = body ? { 'content-type': 'application/json' } : {};
          const all = { host: `${NAME}:${port}`, ...type, ...headers };
          request({ ...to, method: body ? 'POST' : 'GET', headers: all }, resolve)
            .on('error', reject)
            .end(body ? JSON.stringify(body) : undefined);
        }),
        WAIT_MS,
        path,
      );
    await use({
      url,
      ca,
      logged: server.logged,
      open,
      async ask(path, options) {
        const response = await open(path, options);
        const chunks = await deadline(response.toArray(), WAIT_MS, `all of ${path}`);
        const text = Buffer.concat(chunks).toString('latin1');
        return { status: response.statusCode, type: response.headers['content-type'], text };
      },
    });
  } finally {
    await end(proxy);
    await server.stop();
  }
}

async function end(child: ChildProcess | null): Promise<void> {
  if (!child || child.exitCode !== null) return;
  child.kill('SIGTERM');
  await deadline(once(child, 'exit'), WAIT_MS, 'the end of the proxy');
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function works(proxied: Proxied): Promise<void> {
  const { url, ask, open, logged } = proxied;
  const { origin } = new URL(url);
  assert.match((await ask('/')).text, `POST      ${url}/screenshot\n`);
  assert.equal(JSON.parse((await ask('/metrics?last=1')).text).length, 1);
  // As the page of another tool on the same origin sends it. Its body is larger than nginx takes by default.
  const html = `<p>${'x'.repeat(2_000_000)}`;
  const picture = await ask('/screenshot', { headers: { origin }, body: { html } });
  assert.equal([picture.status, picture.type], [200, 'image/png']);
  const foreign = await ask('/screenshot', { headers: { origin: 'https://evil.example' }, body: { html: 'x' } });
  assert.is(foreign.status, 403);
  // The client has the proxy's own address here, and names another as if there were one more proxy of ours.
  assert.is((await ask('/nothing', { headers: { 'x-forwarded-for': '198.51.100.7' } })).status, 404);
  assert.ok(logged.some((line) => line.includes('"client":"198.51.100.7"') && line.endsWith('request refused')));
  const events = await open('/events');
  for (const which of ['first', 'second']) {
    const [event] = await deadline(once(events, 'data'), 2_000, `the ${which} event`);
    assert.match(String(event), /^data: \{/);
  }
  events.destroy();
  await takesClients(proxied);
  assert.equal(warnings(logged), []);
}

/** Over WebSocket, at the address that the server tells for itself. */
async function takesClients({ url, ca, ask }: Proxied): Promise<void> {
  const { webSocketDebuggerUrl: address } = JSON.parse((await ask('/json/version')).text);
  assert.is(address, `${url.replace('https:', 'wss:')}/`);
  // Only browsers take the name for this machine.
  const local = { host: '127.0.0.1', port: Number(new URL(url).port), servername: NAME };
  const socket = new WebSocket(address, { ca, createConnection: () => connectTls({ ...local, ca }) });
  await deadline(once(socket, 'open'), WAIT_MS, 'the WebSocket');
  socket.send('{"id":1,"method":"Browser.getVersion"}');
  const [answer] = await deadline(once(socket, 'message'), WAIT_MS, 'an answer');
  assert.match(String(answer), 'HeadlessChrome');
  socket.close();
  await deadline(once(socket, 'close'), WAIT_MS, 'its end');
}

/** In a real browser, by a link without the slash at its end. */
async function showsThePage({ url }: Proxied): Promise<void> {
  const browser = await openBrowser();
  try {
    const { page, problems, close } = await openTab(browser, url, { ignoreHTTPSErrors: true });
    await page
      .locator('#status')
      .getByText(/^Live$/)
      .waitFor();
    await page.locator('.u-over').first().waitFor();
    assert.match(page.url(), /\/$/);
    assert.equal(problems(), []);
    await close();
  } finally {
    await browser.close();
  }
}

/** Without the line that each refused request has. */
function warnings(logged: readonly string[]): string[] {
  return logged.filter((line) => line.includes('PROXY_URL') && !line.endsWith('request refused'));
}

async function saysWhatToSet({ url, ask, logged }: Proxied): Promise<void> {
  const { host } = new URL(url);
  for (const path of ['/', '/metrics', '/events']) {
    const { status, text } = await ask(path);
    assert.is(status, 403, path);
    assert.match(text, `the Host header is ${host}, which is not here: behind a proxy, set PROXY_URL`);
  }
  assert.is((await ask('/health/ready')).status, 503, 'health is for anybody');
  assert.is(warnings(logged).length, 1, 'once');
}

for (const [name, add, kind] of [
  ['nginx, with TLS and below a path', nginxTest, NGINX],
  ['HAProxy, with TLS', haproxyTest, HAPROXY],
] as const) {
  add(`${name}: sessions, metrics, events as they come, and the live page`, () =>
    behind(kind, { isKnown: true, settings: { WORKERS: '1' } }, async (proxied) => {
      await works(proxied);
      await showsThePage(proxied);
    }),
  );

  add(`${name}: a server that does not know of it says so, and what to set`, () =>
    behind(kind, { isKnown: false, settings: WITHOUT_BROWSER }, saysWhatToSet),
  );
}

test.run();
