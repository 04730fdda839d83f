/**
 * Bad input to every route: refused with the right status and a message that says where it is wrong, and counted as
 * nothing else.
 */

import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline } from '../deadline.js';
import { freshSeed, seededRandom } from '../seeded-random.js';
import { checkIdentities } from './identities.js';
import { ready, type Server, start, total } from './server.js';

const test = suite('end-to-end/bad-input');
let server: Server;
const KIB = 1024;
const SEED = freshSeed();

test.before(async () => {
  server = await start({ MAX_PAYLOAD_SIZE: '100kb', MAX_TIMEOUT: '60000', WORKERS: '1' });
  await ready(server);
});

test.after(async () => {
  await checkIdentities(server);
  assert.is(total(await server.samples(), 'headcount_sessions_requested_total'), 1, 'only the bad selector ran');
  await server.stop();
});

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

async function refusal(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Refusal> {
  const response = await server.post(path, '', {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  const text = await response.text();
  const { error }: { error: { code: string; message: string } } = JSON.parse(text);
  return { status: response.status, ...error };
}

/** Writes bytes to a socket, and returns all that comes back until it is closed. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  let got = '';
  socket.on('data', (chunk) => (got += chunk.toString('latin1')));
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(bytes, 'latin1');
  await deadline(closed, 8_000, 'the server to close the socket');
  return got;
}

const BAD_BODIES: readonly (readonly [string, unknown, string])[] = [
  ['/content', '', 'empty'],
  ['/content', 'not json', 'not JSON'],
  ['/content', '[]', 'body'],
  ['/content', 'null', 'body'],
  ['/content', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'body'],
  ['/content', '{"html":"x","__proto__":{"a":1}}', '__proto__'],
  ['/content', '{}', 'url'],
  ['/content', { url: 'http://a.test', html: 'x' }, 'url'],
  ['/content', { url: '/relative' }, 'url'],
  ['/content', { url: 'http://user:pass@a.test/' }, 'url'],
  ['/content', { url: `http://a.test/${'x'.repeat(9_000)}` }, 'url'],
  ['/content', { html: 'x', nonsense: 1 }, 'nonsense'],
  ['/content', { html: 'x', viewport: { width: 0, height: 10 } }, 'viewport.width'],
  ['/content', { html: 'x', viewport: { width: 1e6, height: 10 } }, 'viewport.width'],
  ['/content', { html: 'x', viewport: { width: 10, height: 10, deviceScaleFactor: 1000 } }, 'deviceScaleFactor'],
  ['/content', { html: 'x', setExtraHTTPHeaders: { a: 'b\r\nc: d' } }, 'setExtraHTTPHeaders.a'],
  ['/content', { html: 'x', setExtraHTTPHeaders: { 'a b': 'c' } }, 'setExtraHTTPHeaders.a b'],
  ['/content', { html: 'x', cookies: [{ name: 'a', value: 'b' }] }, 'cookies.0'],
  ['/content', { html: 'x', rejectRequestPattern: ['('] }, 'rejectRequestPattern.0'],
  ['/content', { html: 'x', gotoOptions: { waitUntil: 'sometime' } }, 'gotoOptions.waitUntil'],
  ['/content', { html: 'x', addScriptTag: [{}] }, 'exactly one'],
  ['/screenshot', { html: 'x', options: { quality: 101 } }, 'options.quality'],
  ['/screenshot', { html: 'x', options: { type: 'gif' } }, 'png,jpeg,webp'],
  ['/screenshot', { html: 'x', options: { path: '/etc/x' } }, 'options.path'],
  ['/screenshot', { html: 'x', options: { fullPage: true, clip: { x: 0, y: 0, width: 1, height: 1 } } }, 'fullPage'],
  ['/pdf', { html: 'x', options: { format: 'A99' } }, 'options.format'],
  ['/pdf', { html: 'x', options: { pageRanges: '9-1' } }, 'options.pageRanges'],
  ['/pdf', { html: 'x', options: { scale: 5 } }, 'options.scale'],
  ['/content?timeout=0', { html: 'x' }, 'timeout'],
  ['/content?timeout=-5', { html: 'x' }, 'timeout'],
  ['/content?timeout=-1', { html: 'x' }, 'timeout'],
  ['/content?timeout=abc', { html: 'x' }, 'timeout'],
  ['/content?timeout=60001', { html: 'x' }, 'timeout'],
  ['/content?trackingId=a%20b', { html: 'x' }, 'trackingId'],
  ['/content?--no-sandbox=true', { html: 'x' }, '--no-sandbox'],
  ['/content?launch=%7B%7D', { html: 'x' }, 'launch'],
  ['/content?timeot=5', { html: 'x' }, 'timeot'],
  ['/content', { html: 'x', rejectResourceTypes: ['images'] }, 'rejectResourceTypes.0'],
  ['/pdf', { html: 'x', rotate: 90 }, 'rotate'],
];

test('bad bodies and queries are 400 and say where', async () => {
  for (const [path, body, where] of BAD_BODIES) {
    const { status, code, message } = await refusal(path, body);
    const shown = `${path} ${JSON.stringify(body).slice(0, 80)}`;
    assert.is(status, 400, shown);
    assert.is(code, 'BAD_REQUEST', shown);
    assert.ok(message.includes(where), `${shown}: ${message}`);
  }
});

test('every scheme but those of the web is refused, however it is written', async () => {
  const urls = ['file:///etc/passwd', 'FILE:///etc/passwd', 'fi\tle:///etc/passwd', '\n file:///etc/passwd'];
  urls.push('view-source:http://a.test', 'chrome://gpu', 'devtools://devtools', 'javascript:alert(1)', 'ftp://a.test');
  urls.push('blob:http://a.test/1', 'filesystem:http://a.test/t', 'about:crash', 'about:srcdoc', 'ws://a.test');
  for (const url of urls) {
    const { status, message } = await refusal('/content', { url });
    assert.is(status, 400, url);
    assert.match(message, 'url');
  }
});

test('a selector that cannot be parsed is 400, from within the session', async () => {
  const { status, code, message } = await refusal('/content', { html: 'x', waitForSelector: { selector: ':::' } });
  assert.equal([status, code], [400, 'BAD_REQUEST']);
  assert.match(message, ':::');
});

test('wrong media types are 415; bodies over the limit 413, declared or not', async () => {
  assert.is(
    (await refusal('/content', '{}', { 'content-type': 'text/plain', accept: 'application/json' })).status,
    415,
  );
  assert.is((await refusal('/content', { html: 'x'.repeat(101 * KIB) })).status, 413);
  const head = 'POST /content HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const declared = await raw(`${head}Content-Length: 999999999\r\n\r\n`);
  assert.match(declared, /^HTTP\/1.1 413 /);
  const chunk = `${(64 * KIB).toString(16)}\r\n${'x'.repeat(64 * KIB)}\r\n`;
  assert.match(await raw(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`), /^HTTP\/1.1 413 /);
});

test('long URLs, long headers and smuggling', async () => {
  assert.is((await server.get(`/metrics?x=${'y'.repeat(9 * KIB)}`)).status, 414);
  assert.is((await server.get('/metrics', { headers: { 'x-long': 'y'.repeat(17 * KIB) } })).status, 431);
  assert.match(await raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(64 * KIB)}\r\n\r\n`), /^HTTP\/1.1 431 /);
  const both =
    'POST /content HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  assert.match(await raw(both), /^HTTP\/1.1 400 /);
  assert.match(await raw('GET / HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n'), /^HTTP\/1.1 400 /);
  assert.match(await raw('nonsense\r\n\r\n'), /^HTTP\/1.1 400 /);
});

test('unknown paths, wrong methods, HEAD and OPTIONS', async () => {
  assert.is((await server.get('/nowhere')).status, 404);
  assert.is((await server.get('/%')).status, 404);
  const wrong = await server.get('/metrics', { method: 'DELETE' });
  assert.equal([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD, OPTIONS']);
  const get = await server.get('/screenshot');
  assert.equal([get.status, get.headers.get('allow')], [405, 'POST, OPTIONS']);
  const head = await server.get('/metrics/all', { method: 'HEAD' });
  assert.equal([head.status, await head.text()], [200, '']);
  assert.ok(Number(head.headers.get('content-length')) > 100);
  const asked = await server.get('/metrics', { method: 'OPTIONS' });
  assert.equal([asked.status, asked.headers.get('allow')], [204, 'GET, HEAD, OPTIONS']);
});

test('selections of rows that cannot be read', async () => {
  for (const query of ['since=garbage', 'until=yesterday', 'last=0', 'last=x', 'sessionTimes=maybe', 'since=-2x']) {
    for (const path of ['/metrics', '/metrics/all', '/metrics/total']) {
      const response = await server.get(`${path}?${query}`);
      assert.is(response.status, 400, `${path}?${query}`);
      assert.match(await response.text(), query.split('=')[0] ?? '');
    }
  }
  for (const query of ['points=0', 'points=x', 'points=-1', 'points=1.5', 'points=9999999999']) {
    const response = await server.get(`/metrics?${query}`);
    assert.is(response.status, 400, query);
    assert.match(await response.text(), 'points');
  }
  for (const query of [
    'since=-2h',
    'since=2026-01-01',
    'until=2026-01-01T00:00:00Z',
    'since=0',
    'last=1',
    'points=1',
  ]) {
    assert.is((await server.get(`/metrics?${query}`)).status, 200, query);
  }
});

test('other origins, sites and hosts are refused, but for health', async () => {
  const foreign = [{ origin: 'https://evil.test' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }];
  for (const headers of foreign) {
    assert.is((await server.get('/metrics', { headers })).status, 403);
    assert.is((await server.get('/kill/all', { headers })).status, 403);
    assert.is((await server.get('/health/live', { headers })).status, 200);
  }
  assert.match(await raw('GET /metrics HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 403 /);
  assert.is((await server.get('/metrics', { headers: { origin: server.url } })).status, 200);
});

test(`1000 odd requests add no series but those of HTTP requests, seed ${SEED}`, async () => {
  const random = seededRandom(SEED);
  const names = async () => [...(await server.samples()).keys()].filter((key) => !key.includes('http_requests_total'));
  const before = await names();
  assert.ok(before.length > 100, `${before.length} series before`);
  for (let i = 0; i < 1_000; i++) {
    const path = `/${random().toString(36).slice(2)}/${i}?token=${i}`;
    const method = ['GET', 'PUT', 'PATCH', 'DELETE'][i % 4] ?? 'GET';
    await (await server.get(path, { method, headers: { 'user-agent': `odd/${i}` } })).arrayBuffer();
  }
  assert.equal(await names(), before);
  const http = [...(await server.samples()).keys()].filter((key) => key.includes('http_requests_total'));
  assert.equal(
    http.filter((key) => /odd|token/.test(key)),
    [],
  );
  assert.ok(http.length > 4 && http.length < 60, `${http.length} series of HTTP requests`);
});

test('tags, gzip and formats of the metrics routes', async () => {
  for (const path of ['/metrics', '/metrics/all', '/prometheus']) {
    const first = await server.get(path, { headers: { 'accept-encoding': 'identity' } });
    const etag = first.headers.get('etag') ?? '';
    assert.is(first.headers.get('cache-control'), 'no-cache');
    assert.match(etag, /^".+"$/);
    await first.text();
    const zipped = await server.get(path, { headers: { 'accept-encoding': 'gzip' } });
    assert.ok((await zipped.text()).length > 100);
    if (path !== '/prometheus') continue;
    assert.is(zipped.headers.get('content-encoding'), 'gzip');
    assert.is.not(zipped.headers.get('etag'), etag);
    assert.match(zipped.headers.get('vary') ?? '', /Accept.*Accept-Encoding/);
  }
  const past = '/metrics?until=2020-01-01';
  const etag = (await server.get(past)).headers.get('etag') ?? '';
  assert.is((await server.get(past, { headers: { 'if-none-match': etag } })).status, 304);
  const accepted = {
    '*/*': 'application/json',
    'application/json': 'application/json',
    'text/plain;version=0.0.4;q=0.5,*/*;q=0.1': 'text/plain; version=0.0.4',
    'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5': 'application/openmetrics-text',
  };
  for (const [accept, type] of Object.entries(accepted)) {
    const response = await server.get('/metrics', { headers: { accept } });
    assert.ok(response.headers.get('content-type')?.startsWith(type), accept);
    await response.text();
  }
});

test('pages of the origins that are set may ask what is set, and others nothing', async () => {
  const friend = 'https://friend.example';
  const allowed = { CORS_ALLOW_METHODS: 'GET', CORS_ALLOW_HEADERS: 'X-Own', CORS_MAX_AGE: '9' };
  const settings = { ENABLE_CORS: 'true', CORS_ALLOW_ORIGIN: `${friend}, https://other.example`, ...allowed };
  const open = await start({ ...settings, WORKERS: '1', CHROMIUM_PATH: '/nowhere' });
  try {
    const preflight = await open.get('/metrics', { method: 'OPTIONS', headers: { origin: friend } });
    const said = ['origin', 'methods', 'headers'].map((one) => preflight.headers.get(`access-control-allow-${one}`));
    assert.equal(said, [friend, 'GET', 'X-Own']);
    assert.is(preflight.headers.get('access-control-max-age'), '9');
    assert.is((await open.get('/metrics', { headers: { origin: friend } })).status, 200);
    assert.is((await open.get('/metrics', { headers: { origin: 'https://evil.example' } })).status, 403);
  } finally {
    await open.stop();
  }
});

test.run();
