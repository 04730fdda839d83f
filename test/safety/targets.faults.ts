/**
 * From where a session may load its page: every spelling under each policy, redirects, the server itself. From the
 * client's side, with real Chromium.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { atRest, ready, type Server, start, total } from '../end-to-end/server.js';

const test = suite('safety/targets');

interface Site {
  readonly port: number;
  readonly paths: readonly string[];
  close(): void;
}

/** At every address of the machine. `/to?<url>` redirects, `/go?<url>` goes on, `/shows?<url>` has a frame. */
async function startSite(): Promise<Site> {
  const paths: string[] = [];
  const site = createServer(({ url = '' }, response) => {
    paths.push(url);
    const to = decodeURIComponent(url.replace(/^[^?]*\??/, ''));
    if (url.startsWith('/to?')) return response.writeHead(302, { location: to }).end();
    response.setHeader('content-type', 'text/html');
    if (url.startsWith('/go?')) return response.end(`<script>location = ${JSON.stringify(to)}</script>`);
    return response.end(url.startsWith('/shows?') ? `<iframe src="${to}"></iframe>well` : '<p>here');
  });
  await new Promise<void>((resolve) => site.listen(0, '::', resolve));
  const address = site.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    paths,
    close() {
      site.closeAllConnections();
      site.close();
    },
  };
}

async function withBoth(
  settings: Readonly<Record<string, string>>,
  check: (server: Server, site: Site) => Promise<void>,
): Promise<void> {
  const site = await startSite();
  const server = await start(settings);
  try {
    await ready(server);
    await check(server, site);
    await atRest(server);
  } finally {
    await server.stop();
    site.close();
  }
}

type Answer = readonly [status: number, code: string, message: string];

async function asked(server: Server, url: string, more: object = {}): Promise<Answer> {
  const response = await server.post('/content', { url, ...more });
  const text = await response.text();
  if (response.status === 200) return [200, '', text];
  const { code, message } = JSON.parse(text).error;
  return [response.status, code, message];
}

const AT_ONCE = 8;

/** As many at once as there are slots. */
async function eachOf<T>(of: readonly T[], check: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < of.length; at += AT_ONCE) await Promise.all(of.slice(at, at + AT_ONCE).map(check));
}

/** The machine itself, as a URL may spell it. */
const SELF = [
  '127.0.0.1',
  'localhost',
  'LOCALHOST.',
  'a.localhost',
  '127.1',
  '0x7f.1',
  '0177.0.0.1',
  '2130706433',
].concat(['１２７.0.0.1', '127。0。0。1', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '0.0.0.0', '0', '[::]']);
const METADATA = [
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '169.254.43518',
  '169.254.169.254.',
  '[::ffff:a9fe:a9fe]',
].concat([
  '[fd00:ec2::254]',
  '[64:ff9b::a9fe:a9fe]',
  '[2002:a9fe:a9fe::]',
  '100.100.100.200',
  '168.63.129.16',
  '[fe80::1]',
]);
const PRIVATE = [
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
].concat([
  '[fd00::1]',
  '[::ffff:10.0.0.1]',
  '[64:ff9b::10.0.0.1]',
  '[2002:a00:1::]',
  '[ff02::1]',
  '[fec0::1]',
  '0xa.1',
]);

test('the machine is reached under open and no-metadata, and no spelling of it under public', async () => {
  for (const policy of ['open', 'no-metadata']) {
    await withBoth({ NETWORK_POLICY: policy }, async (server, { port }) => {
      await eachOf(['127.0.0.1', '0x7f.1', 'localhost', '[::1]'], async (host) => {
        assert.is((await asked(server, `http://${host}:${port}/`))[0], 200, `${policy}: ${host}`);
      });
    });
  }
  await withBoth({ NETWORK_POLICY: 'public' }, async (server, { port, paths }) => {
    await eachOf([...SELF, ...PRIVATE, ...METADATA], async (host) => {
      const [status, code, message] = await asked(server, `http://${host}:${port}/`);
      assert.equal([status, code], [403, 'FORBIDDEN_TARGET'], `${host}: ${message}`);
    });
    assert.equal(paths, []);
    assert.is((await asked(server, 'data:text/html,well'))[0], 200);
  });
});

test('what clouds tell their machines is out of reach by default, in every spelling', async () => {
  await withBoth({}, async (server) => {
    await eachOf(METADATA, async (host) => {
      const [status, code, message] = await asked(server, `http://${host}/latest/meta-data/`);
      assert.equal([status, code], [403, 'FORBIDDEN_TARGET'], `${host}: ${message}`);
    });
    const samples = await server.samples();
    assert.is(total(samples, 'headcount_session_failures_total', 'policy'), METADATA.length);
    assert.is(total(samples, 'headcount_session_failures_total', 'navigation'), 0);
  });
});

test('the server itself is out of reach under every policy, whatever else is allowed', async () => {
  await withBoth({ NETWORK_POLICY: 'open', NETWORK_ALLOW: '127.0.0.0/8, ::1, localhost' }, async (server, site) => {
    const { port } = new URL(server.url);
    const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
    const addresses = own.filter((one) => !one.startsWith('fe80')).map((one) => (one.includes(':') ? `[${one}]` : one));
    await eachOf([...SELF, ...addresses, hostname()], async (host) => {
      const [status, code, message] = await asked(server, `http://${host}:${port}/metrics`);
      const isUnknown = host === hostname() && code === 'NAVIGATION_FAILED';
      if (!isUnknown) assert.equal([status, code], [403, 'FORBIDDEN_TARGET'], `${host}: ${message}`);
    });
    // The exits of contexts are on loopback too.
    const ports = listeningPorts().filter((one) => one !== site.port);
    assert.ok(ports.length > 3, `${ports}`);
    await eachOf(ports, async (one) => {
      const [status, code, message] = await asked(server, `http://127.0.0.1:${one}/`);
      // Contexts come and go all the time.
      if (/UNSAFE_PORT/.test(message) || !listeningPorts().includes(one)) return;
      assert.equal([status, code], [403, 'FORBIDDEN_TARGET'], `${one}: ${message}`);
    });
  });
});

test('redirects and pages that go on are judged as the first; a frame is missing, and its page is there', async () => {
  await withBoth({ NETWORK_DENY: '127.0.0.2, forbidden.localhost' }, async (server, { port, paths }) => {
    const there = `http://127.0.0.1:${port}`;
    for (const away of [`http://127.0.0.2:${port}/x`, `http://forbidden.localhost:${port}/x`]) {
      for (const make of [{}, { setExtraHTTPHeaders: {} }]) {
        for (const path of ['to', 'go']) {
          const [status, code, message] = await asked(server, `${there}/${path}?${away}`, make);
          assert.equal([status, code], [403, 'FORBIDDEN_TARGET'], `${path} ${away}: ${message}`);
          assert.match(message, 'NETWORK_DENY');
        }
        const [status, , text] = await asked(server, `${there}/shows?${away}`, make);
        assert.equal([status, /well/.test(text)], [200, true], text);
      }
    }
    assert.is(paths.filter((path) => path === '/x').length, 0);
    const samples = await server.samples();
    assert.is(total(samples, 'headcount_session_failures_total', 'policy'), 8);
    assert.is(total(samples, 'headcount_egress_refusals_total', 'policy'), 12);
  });
});

test('what is allowed besides is reached, and what is denied besides is not, allowed or not', async () => {
  await withBoth(
    { NETWORK_POLICY: 'public', NETWORK_ALLOW: '*.localhost, 127.0.0.0/8', NETWORK_DENY: 'b.localhost 127.0.0.3' },
    async (server, { port }) => {
      const statusOf = async (host: string): Promise<number> => (await asked(server, `http://${host}:${port}/`))[0];
      assert.equal(
        [await statusOf('a.localhost'), await statusOf('127.0.0.1'), await statusOf('127.0.0.2')],
        [200, 200, 200],
      );
      assert.equal(
        [await statusOf('b.localhost'), await statusOf('127.0.0.3'), await statusOf('[::1]')],
        [403, 403, 403],
      );
    },
  );
});

test('a page that cannot be reached is told as ever, and one that can with its address', async () => {
  await withBoth({}, async (server, { port }) => {
    // Chromium accepts a star as a part of a host, and dots at its end; nobody else does.
    for (const host of ['name.invalid', '*.localhost', 'localhost..']) {
      const [, code, message] = await asked(server, `http://${host}/`);
      assert.equal([code, message], ['NAVIGATION_FAILED', 'net::ERR_NAME_NOT_RESOLVED'], host);
    }
    const closed = await startSite();
    closed.close();
    const refused = await asked(server, `http://127.0.0.1:${closed.port}/`);
    assert.equal(refused, [502, 'NAVIGATION_FAILED', 'net::ERR_CONNECTION_REFUSED']);
    const response = await server.post('/content', { url: `http://localhost:${port}/` });
    assert.equal(response.headers.get('x-response-port'), String(port));
    assert.match(response.headers.get('x-response-ip') ?? '', /^(127\.0\.0\.1|::1)$/);
    await response.text();
  });
});

/** Of this process, on loopback by IPv4. Servers here are in the test's own process. */
function listeningPorts(): number[] {
  const inodes = new Set(socketInodes());
  const rows = readFileSync('/proc/self/net/tcp', 'utf8').trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    return state === '0A' && inodes.has(inode) ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : [];
  });
}

function socketInodes(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
    } catch {
      // The descriptor by which the folder is read.
      return [];
    }
  });
}

test.run();
