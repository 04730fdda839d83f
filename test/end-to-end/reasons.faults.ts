/**
 * Why a session failed, wherever it is told: in its answer, in the counts, in the log and in `/failures`. Against pages
 * that fail, in a real Chromium.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FailureView } from '../../src/http/control.js';
import { deadline } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { checkIdentities } from './identities.js';
import { atRest, ready, type Server, start, withToken } from './server.js';

const test = suite('end-to-end/reasons');
const WAIT_MS = 20_000;
const TOKEN = 'a-token-of-this-test';
const AS_CLIENT = { headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' } };
let server: Server;
let pages: Pages;

test.before(async () => {
  pages = await startPages();
  server = await start({ CONCURRENT: '1', QUEUE_LENGTH: '2', TIMEOUT: '15000', TOKEN, LOG_TARGETS: 'url' });
  await ready(server);
});

test.after(async () => {
  await server.stop();
  await pages.close();
});

/** The token is in a header, because the test looks at how the URL is written in the log. */
async function json<T>(path: string): Promise<T> {
  return JSON.parse(await (await server.get(path, AS_CLIENT)).text());
}

async function reasons(): Promise<Map<string, number>> {
  const samples = await (await server.get('/prometheus', { ...AS_CLIENT, method: 'GET' })).text();
  const found = new Map<string, number>();
  for (const [, reason = '', value] of samples.matchAll(/failures_total\{kind="\w+",reason="(\w+)"\} (\d+)/g)) {
    found.set(reason, (found.get(reason) ?? 0) + Number(value));
  }
  return found;
}

async function run(path: string, body: object): Promise<{ status: number; id: string; code: string; message: string }> {
  const response = await deadline(server.post(path, body, AS_CLIENT), WAIT_MS, 'an answer');
  const { error } = JSON.parse(await response.text());
  return { ...error, status: response.status, id: response.headers.get('x-session-id') ?? '' };
}

function lineOf(id: string): Record<string, unknown> {
  const line = server.logged.find((one) => one.includes(id) && one.endsWith(' session'));
  assert.ok(line, `no line of ${id}`);
  return JSON.parse(line.slice(0, -' session'.length));
}

interface Case {
  readonly body: object;
  readonly path?: string;
  readonly is: readonly [status: number, code: string, reason: string];
  /** Part of the message, which names the key. */
  readonly says?: RegExp;
  /** Status of the page. */
  readonly page?: number;
}

/** A function for each, because bodies need the address of the pages. */
const cases: Readonly<Record<string, () => Case>> = {
  'a name that is not there': () => ({
    body: { url: 'http://nowhere.invalid/a?secret=1' },
    is: [502, 'NAVIGATION_FAILED', 'navigation'],
    says: /^net::ERR_NAME_NOT_RESOLVED$/,
  }),
  'a server that hangs up': () => ({
    body: { url: pages.url('/reset') },
    is: [502, 'NAVIGATION_FAILED', 'navigation'],
  }),
  'a page that breaks off': () => ({
    body: { url: pages.url('/cut') },
    is: [502, 'NAVIGATION_FAILED', 'navigation'],
    says: /^net::ERR_/,
    page: 200,
  }),
  'a page that cannot be unpacked': () => ({
    body: { url: pages.url('/garbled'), waitForTimeout: 0 },
    is: [502, 'NAVIGATION_FAILED', 'navigation'],
    says: /^net::ERR_CONTENT_DECODING/,
    page: 200,
  }),
  'a download': () => ({
    body: { url: pages.url('/download') },
    is: [502, 'NAVIGATION_FAILED', 'navigation'],
    page: 200,
  }),
  'a navigation with a limit of its own': () => ({
    body: { url: pages.url('/never'), gotoOptions: { timeout: 300 } },
    is: [408, 'STEP_TIMEOUT', 'step_timeout'],
  }),
  'a selector that never comes, on a page that is not the one': () => ({
    body: { url: pages.url('/missing'), waitForSelector: { selector: '#no', timeout: 300 } },
    is: [408, 'STEP_TIMEOUT', 'step_timeout'],
    page: 404,
  }),
  'a selector that never comes, with no limit but the session’s': () => ({
    path: '/content?timeout=4000',
    body: { url: pages.url('/'), waitForSelector: { selector: '#no' } },
    is: [408, 'STEP_TIMEOUT', 'step_timeout'],
    says: /^waitForSelector: not there after \d+ ms$/,
    page: 200,
  }),
  'an element to be pictured that never comes': () => ({
    path: '/screenshot?timeout=4000',
    body: { html: 'x', selector: '#no' },
    is: [408, 'STEP_TIMEOUT', 'step_timeout'],
    says: /^selector: not there after \d+ ms$/,
  }),
  'a selector that is none': () => ({
    body: { html: 'x', waitForSelector: { selector: '[[' } },
    is: [400, 'BAD_REQUEST', 'bad_request'],
    says: /^waitForSelector: /,
  }),
  'a selector of a picture that is none': () => ({
    path: '/screenshot',
    body: { html: 'x', selector: 'a:nope()' },
    is: [400, 'BAD_REQUEST', 'bad_request'],
    says: /^selector: /,
  }),
  'an XPath that is none': () => ({
    path: '/screenshot',
    body: { html: 'x', selector: '//[' },
    is: [400, 'BAD_REQUEST', 'bad_request'],
    says: /^selector: /,
  }),
  'a function that cannot be read': () => ({
    body: { html: 'x', waitForFunction: { fn: '() => { let' } },
    is: [400, 'BAD_REQUEST', 'bad_request'],
    says: /^waitForFunction: SyntaxError/,
  }),
  'a function that throws': () => ({
    body: { url: pages.url('/'), waitFor: '() => { throw new Error("boom") }' },
    is: [500, 'SESSION_FAILED', 'page_error'],
    says: /^waitFor: Error: boom$/,
    page: 200,
  }),
  'a function that throws a SyntaxError of its own': () => ({
    body: { html: 'x', waitForFunction: { fn: '() => JSON.parse("{")' } },
    is: [500, 'SESSION_FAILED', 'page_error'],
    says: /^waitForFunction: SyntaxError/,
  }),
  'a cookie that cannot be': () => ({
    body: { url: pages.url('/'), cookies: [{ name: 'a', value: 'b;c' }] },
    is: [400, 'BAD_REQUEST', 'bad_request'],
    says: /^cookies\.0: /,
  }),
  'a header that Chromium refuses': () => ({
    body: { url: pages.url('/'), setExtraHTTPHeaders: { host: 'other' } },
    is: [400, 'BAD_REQUEST', 'bad_request'],
    says: /^setExtraHTTPHeaders: /,
  }),
  'a script that cannot be loaded': () => ({
    body: { html: 'x', addScriptTag: [{ url: `http://127.0.0.1:1/a.js?key=of-somebody` }] },
    is: [500, 'SESSION_FAILED', 'page_error'],
    says: /^addScriptTag: /,
  }),
  'paper without a width': () => ({
    path: '/pdf',
    body: { html: 'x', options: { width: 0 } },
    is: [400, 'BAD_REQUEST', 'bad_request'],
    says: /^options: /,
  }),
  'a page that closes itself': () => ({
    body: { html: '<script>close()</script>' },
    is: [500, 'SESSION_FAILED', 'page_error'],
  }),
};

for (const [name, made] of Object.entries(cases)) {
  test(`${name}: the same reason in the answer, the counts, the log and /failures`, async () => {
    const { body, path = '/content', is, says, page } = made();
    const before = await reasons();
    const { status, code, message, id } = await run(path, body);
    const after = await reasons();
    const [, , reason] = is;
    assert.equal([status, code], is.slice(0, 2), message);
    if (says) assert.match(message, says);
    const moved = [...after].filter(([one, count]) => count !== before.get(one)).map(([one]) => one);
    assert.equal(moved, [reason]);
    const line = lineOf(id);
    assert.equal([line['outcome'], line['reason'], line['code']], ['error', reason, code]);
    assert.is(line['client'], '127.0.0.1');
    assert.is(line['status'], page);
    assert.is(line['host'], 'url' in body ? new URL(String(body.url)).host : undefined);
    const [told] = await json<FailureView[]>('/failures?last=1');
    assert.ok(told);
    assert.equal([told.id, told.code, told.reason, told.status], [id, code, reason, page ?? null]);
    assert.is(told.message, line['message']);
    for (const shown of [JSON.stringify(line), JSON.stringify(told)]) {
      assert.not.match(shown, /secret=1|of-somebody/);
      assert.not.match(shown, TOKEN);
    }
  });
}

test('the time limit: reason and log say in which phase, and what the page was answered with', async () => {
  const response = await deadline(
    server.post('/content?timeout=1500&trackingId=late', { url: pages.url('/'), waitForTimeout: 60_000 }, AS_CLIENT),
    WAIT_MS,
    'the end of its time',
  );
  assert.is(response.status, 408);
  const line = lineOf(response.headers.get('x-session-id') ?? '');
  assert.equal([line['outcome'], line['reason'], line['phase']], ['timedout', 'timeout', 'navigate']);
  assert.is(line['status'], 200);
  const phases: Record<string, number> = JSON.parse(JSON.stringify(line['phases']));
  assert.equal(Object.keys(phases), ['context', 'navigate']);
  const sum = Object.values(phases).reduce((total, ms) => total + ms, 0);
  assert.ok(Math.abs(sum - Number(line['runMs'])) < 2, `${sum} of ${line['runMs']} ms`);
  assert.is(line['url'], pages.url('/'));
});

test('a session that ends well tells its page, client and phases too', async () => {
  const response = await server.post('/content', { url: pages.url('/missing?a=secret') }, AS_CLIENT);
  await response.arrayBuffer();
  assert.is(response.status, 200);
  const line = lineOf(response.headers.get('x-session-id') ?? '');
  assert.equal([line['outcome'], line['status'], line['client']], ['successful', 404, '127.0.0.1']);
  assert.is(line['url'], pages.url('/missing'));
  assert.equal(Object.keys(Object(line['phases'])), ['context', 'navigate', 'run']);
});

test('the books are even', async () => {
  const asked = withToken(server, TOKEN);
  await atRest(asked);
  await checkIdentities(asked);
});

test.run();
