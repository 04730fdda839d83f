/**
 * What one session may take. Its own bound ends or refuses it, and a session beside it in the same browser goes on.
 */

import { PNG } from 'pngjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { checkIdentities } from './identities.js';
import { ready, type Server, start, total } from './server.js';

const ANSWER_MS = 15_000;
const test = suite('end-to-end/bounds');
let server: Server;
let pages: Pages;

test.before(async () => {
  pages = await startPages();
  server = await start({ WORKERS: '1' });
  await ready(server);
});

test.after(async () => {
  await checkIdentities(server);
  await server.stop();
  await pages.close();
});

async function refusal(path: string, body: unknown): Promise<string> {
  const response = await deadline(server.post(path, body), ANSWER_MS, `the answer to ${path}`);
  const text = await response.text();
  assert.is(response.headers.get('content-type'), 'application/json; charset=utf-8', text.slice(0, 80));
  const { error } = JSON.parse(text);
  return `${response.status} ${error.code} ${error.message}`;
}

test('a pattern that takes too long ends its session, with its key, and nobody else’s', async () => {
  const innocent = server.post('/content', { url: pages.url('/'), waitForTimeout: 1_000 });
  const url = pages.url(`/${'a'.repeat(48)}!`);
  const late = '400 BAD_REQUEST rejectRequestPattern.0: takes more than 20 ms for a URL';
  assert.is(await refusal('/content', { url, rejectRequestPattern: ['(?=.)(a+)+$'] }), late);
  // For what the page asks for once it has loaded.
  const asking = `<script>setTimeout(() => fetch(${JSON.stringify(url)}), 100)</script>`;
  const later = { html: asking, rejectRequestPattern: ['(?=.)(a+)+$'], waitForTimeout: 10_000 };
  assert.is(await refusal('/content', later), late);
  const requestInterceptors = [{ pattern: '(a+)+\\1$', response: { body: 'x' } }];
  const answered = '400 BAD_REQUEST requestInterceptors.0.pattern: takes more than 20 ms for a URL';
  assert.is(await refusal('/content', { url, requestInterceptors }), answered);
  const linear = await server.post('/content', { url, rejectRequestPattern: ['(a+)+$'] });
  assert.equal([linear.status, linear.headers.get('x-response-code')], [200, '404']);
  await linear.arrayBuffer();
  const beside = await innocent;
  assert.equal([beside.status, /data-ready="1"/.test(await beside.text())], [200, true]);
});

test('a password goes to the origin of the url, and to nobody else who asks', async () => {
  const other = await startPages();
  try {
    const authenticate = { username: 'user', password: 'pass' };
    const guarded = other.url('/auth');
    const bodies = [
      { url: pages.url(`/redirect?to=${encodeURIComponent(guarded)}`) },
      { url: pages.url(`/framed?${new URLSearchParams({ document: guarded, image: guarded })}`) },
      { html: `<iframe src="${guarded}"></iframe>` },
    ];
    for (const body of bodies) {
      other.requests.length = 0;
      const response = await server.post('/content', { ...body, authenticate });
      assert.is(response.status, 200, await response.text());
      assert.ok(other.requests.length > 0, `asked for by ${JSON.stringify(body)}`);
      const sent = other.requests.flatMap(({ headers }) => headers.authorization ?? []);
      assert.equal(sent, [], JSON.stringify(body));
    }
    const own = await server.post('/content', { url: guarded, authenticate });
    assert.match(await own.text(), 'Members');
    const framing = pages.url(`/framed?${new URLSearchParams({ document: pages.url('/auth'), image: '' })}`);
    pages.requests.length = 0;
    assert.is((await server.post('/content', { url: framing, authenticate })).status, 200);
    assert.ok(
      pages.requests.some(({ headers }) => headers.authorization !== undefined),
      'its own frames get it',
    );
  } finally {
    await other.close();
  }
});

/** Blue; its last row is red. */
function tall(height: number): string {
  const row = 'margin:0;position:absolute;left:0;right:0;bottom:0;height:1px;background:#f00';
  return `<body style="margin:0"><div style="position:relative;height:${height}px;background:#00f"><p style="${row}">`;
}

async function shot(body: object): Promise<Buffer> {
  const response = await deadline(server.post('/screenshot', body), ANSWER_MS, 'a picture');
  const got = Buffer.from(await response.arrayBuffer());
  assert.is(response.status, 200, got.toString().slice(0, 200));
  return got;
}

/** The size of a picture, and the pixels of its last two rows. */
async function ending(body: object): Promise<unknown[]> {
  const { width, height, data } = PNG.sync.read(await shot(body));
  const rows = [height - 2, height - 1].map((y) => [...data.subarray(y * width * 4, y * width * 4 + 3)]);
  return [width, height, ...rows];
}

const BLUE = [0, 0, 255];
const RED = [255, 0, 0];

test('pages of 20 000 and 60 000 pixels are right to their last row, in either make of context', async () => {
  const viewport = { width: 16, height: 100 };
  for (const height of [20_000, 60_000]) {
    const html = tall(height);
    const clip = { x: 0, y: height - 1_000, width: 16, height: 1_000 };
    const whole = [16, height, BLUE, RED];
    assert.equal(await ending({ html, viewport, options: { fullPage: true } }), whole);
    assert.equal(await ending({ html, viewport, options: { clip } }), [16, 1_000, BLUE, RED]);
    assert.equal(await ending({ html, viewport, selector: 'div' }), whole);
  }
});

test('so is one of a phone, without its background', async () => {
  const mobile = { width: 16, height: 100, isMobile: true, deviceScaleFactor: 2 };
  const head = '<meta name="viewport" content="width=device-width">';
  const doubled = { html: head + tall(10_000), viewport: mobile, options: { fullPage: true, omitBackground: true } };
  assert.equal(await ending(doubled), [32, 20_000, RED, RED]);
});

test('the longest pictures of each type are made, those a pixel longer are refused', async () => {
  const viewport = { width: 8, height: 8 };
  for (const [type, longest, magic] of [
    ['webp', 16_383, 'RIFF'],
    ['jpeg', 65_500, '\xff\xd8\xff'],
  ] as const) {
    const limit = `a ${type} has at most ${longest} device pixels on a side`;
    for (const [key, options] of [
      ['options.fullPage', { fullPage: true }],
      ['options.clip', {}],
    ] as const) {
      const body = (height: number): object => {
        const clip = key === 'options.clip' ? { clip: { x: 0, y: 0, width: 8, height } } : {};
        return { html: tall(height), viewport, options: { type, ...options, ...clip } };
      };
      assert.match((await shot(body(longest))).toString('latin1'), magic);
      assert.is(await refusal('/screenshot', body(longest + 1)), `400 BAD_REQUEST ${key}: ${limit}`);
    }
    const element = { html: tall(longest + 1), viewport, selector: 'div', options: { type } };
    assert.is(await refusal('/screenshot', element), `400 BAD_REQUEST selector: ${limit}`);
  }
});

test('a picture that would end the browser is refused, and the browser lives', async () => {
  const clip = { x: 0, y: 0, width: 800, height: 16_384 };
  const viewport = { width: 800, height: 600, deviceScaleFactor: 8 };
  const body = { html: 'x', viewport, options: { clip } };
  assert.is(await refusal('/screenshot', body), '400 BAD_REQUEST options.clip: must be at most 100 million pixels');
  for (const part of [{ options: { fullPage: true } }, { selector: 'div' }]) {
    const key = 'selector' in part ? 'selector' : 'options.fullPage';
    const late = `400 BAD_REQUEST ${key}: must be at most 100 million pixels`;
    assert.is(await refusal('/screenshot', { html: tall(16_384), viewport, ...part }), late);
  }
  assert.is(total(await server.samples(), 'headcount_browser_exits_total'), 0);
});

test('nothing is never a success', async () => {
  const html = '<script>document.documentElement.remove()</script>';
  const nothing = '500 SESSION_FAILED Chromium made nothing of the page';
  for (const extra of [{}, { waitForTimeout: 0 }]) assert.is(await refusal('/content', { html, ...extra }), nothing);
  // Unless the session takes what there is.
  const response = await server.post('/content', { html, bestAttempt: true });
  assert.equal([response.status, await response.text()], [200, '<html><head></head><body></body></html>']);
});

test.run();
