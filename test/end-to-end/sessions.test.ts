/**
 * What sessions answer: right pixels, right pages, right HTML, and what the page's server said.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { PNG } from 'pngjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline } from '../deadline.js';
import * as documents from '../fixtures/documents.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { checkIdentities } from './identities.js';
import { atRest, ready, type Server, start } from './server.js';

const test = suite('end-to-end/sessions');
let server: Server;
let pages: Pages;

test.before(async () => {
  pages = await startPages();
  server = await start({ ENABLE_API_GET: 'true' });
  await ready(server);
});

test.after(async () => {
  await atRest(server);
  await checkIdentities(server);
  await server.stop();
  await pages.close();
});

async function bytes(path: string, body: unknown): Promise<Buffer> {
  const response = await server.post(path, body);
  const got = Buffer.from(await response.arrayBuffer());
  assert.is(response.status, 200, got.toString().slice(0, 200));
  return got;
}

async function picture(body: unknown): Promise<PNG> {
  return PNG.sync.read(await bytes('/screenshot', body));
}

async function content(body: unknown): Promise<string> {
  return (await bytes('/content', body)).toString();
}

function pixel({ data, width }: PNG, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
}

async function pagesOf(body: unknown): Promise<string[]> {
  const pdf = await getDocument({ data: new Uint8Array(await bytes('/pdf', body)), verbosity: 0 }).promise;
  const texts: string[] = [];
  for (let number = 1; number <= pdf.numPages; number++) {
    const { items } = await (await pdf.getPage(number)).getTextContent();
    texts.push(items.map((item) => ('str' in item ? item.str : '')).join(''));
  }
  await pdf.destroy();
  return texts;
}

test('a screenshot has the size of the viewport and the colours of the page', async () => {
  const red = await picture({ url: pages.url('/red') });
  assert.equal([red.width, red.height], [800, 600]);
  for (const [x, y] of [
    [0, 0],
    [799, 599],
    [400, 300],
  ] as const)
    assert.equal(pixel(red, x, y), [255, 0, 0, 255]);
  const sized = await picture({ url: pages.url('/red'), viewport: { width: 321, height: 123 } });
  assert.equal([sized.width, sized.height], [321, 123]);
  const doubled = await picture({ html: 'x', viewport: { width: 100, height: 50, deviceScaleFactor: 2 } });
  assert.equal([doubled.width, doubled.height], [200, 100]);
});

test('the whole page, a part, an element, and no background', async () => {
  const html = '<body style="margin:0"><div id="a" style="width:50px;height:3000px;background:#00f"></div>';
  const full = await picture({ html, options: { fullPage: true } });
  assert.equal([full.width, full.height], [800, 3000]);
  assert.equal(pixel(full, 10, 2990), [0, 0, 255, 255]);
  const clip = await picture({ html, options: { clip: { x: 40, y: 1000, width: 20, height: 30 } } });
  assert.equal([clip.width, clip.height], [20, 30]);
  assert.equal(
    [pixel(clip, 5, 5), pixel(clip, 15, 5)],
    [
      [0, 0, 255, 255],
      [255, 255, 255, 255],
    ],
  );
  const element = await picture({ html, selector: '#a' });
  assert.equal([element.width, element.height], [50, 3000]);
  const bare = await picture({ html: '<body>', options: { omitBackground: true } });
  assert.is(pixel(bare, 5, 5)[3], 0);
});

test('jpeg, webp and base64', async () => {
  const jpeg = await bytes('/screenshot', { html: 'x', options: { type: 'jpeg', quality: 50 } });
  assert.is(jpeg.subarray(0, 3).toString('hex'), 'ffd8ff');
  const webp = await bytes('/screenshot', { html: 'x', options: { type: 'webp' } });
  assert.is(webp.subarray(8, 12).toString(), 'WEBP');
  const text = (await bytes('/screenshot', { html: 'x', options: { encoding: 'base64' } })).toString();
  assert.is(PNG.sync.read(Buffer.from(text, 'base64')).width, 800);
});

test('a PDF has the pages and the text of the page', async () => {
  assert.equal(await pagesOf({ url: pages.url('/long') }), ['Page one', 'Page two', 'Page three']);
  const some = { url: pages.url('/long'), options: { pageRanges: '2-3', format: 'A4', landscape: true } };
  assert.equal(await pagesOf(some), ['Page two', 'Page three']);
});

test('the HTML is that of the browser, scripts applied', async () => {
  const html = await content({ url: pages.url('/'), waitForSelector: { selector: '#late' } });
  assert.match(html, 'id="late"');
  assert.match(html, 'data-ready="1"');
  assert.match(await content('<p>raw</p><script>document.body.append("added")</script>'), 'added</body>');
  const off = { html: '<script>document.body.append("added")</script>', setJavaScriptEnabled: false };
  assert.not.match(await content(off), 'added</body>');
});

test('tells what the main navigation was answered, after redirects too', async () => {
  const moved = await server.post('/content', { url: pages.url('/redirect') });
  await moved.arrayBuffer();
  assert.is(moved.headers.get('x-response-url'), pages.url('/'));
  assert.is(moved.headers.get('x-response-code'), '200');
  assert.is(moved.headers.get('x-response-ip'), '127.0.0.1');
  assert.is(moved.headers.get('x-response-port'), String(pages.port));
  assert.match(moved.headers.get('server-timing') ?? '', /queue;dur=\d+, context;dur=.*navigate;dur=.*run;dur=/);
  assert.match(moved.headers.get('x-session-id') ?? '', /^[0-9a-f-]{36}$/);
  const missing = await server.post('/content', { url: pages.url('/missing') });
  assert.is(missing.status, 200);
  assert.is(missing.headers.get('x-response-code'), '404');
  await missing.arrayBuffer();
});

test('sends the headers, cookies, user agent and credentials that it was given', async () => {
  const echoed = await content({
    url: pages.url('/echo'),
    setExtraHTTPHeaders: { 'x-mine': 'yes' },
    cookies: [{ name: 'flavour', value: 'oat' }],
    userAgent: 'Mine/1.0',
  });
  for (const part of ['x-mine', 'yes', 'flavour', 'oat', 'Mine/1.0']) assert.match(echoed, part);
  const guarded = { url: pages.url('/auth'), authenticate: { username: 'user', password: 'pass' } };
  assert.match(await content(guarded), /Members/);
});

test('refuses and answers requests of the page by the rules that it was given', async () => {
  pages.requests.length = 0;
  await content({ url: pages.url('/'), rejectRequestPattern: ['style\\.css'], rejectResourceTypes: ['image'] });
  const asked = pages.requests.map(({ path }) => path);
  assert.ok(asked.includes('/script.js'));
  assert.not.ok(asked.some((path) => path === '/style.css' || path === '/image.png'));
  const response = { body: '<h1>instead</h1>', contentType: 'text/html', status: 200 };
  const answered = { url: pages.url('/'), requestInterceptors: [{ pattern: '/$', response }] };
  assert.match(await content(answered), 'instead');
});

test('waits as it is told, and goes on with bestAttempt', async () => {
  const waits = [
    { waitFor: '#late' },
    { waitFor: 'async () => { while (!document.querySelector("#late")) await new Promise(requestAnimationFrame); }' },
    { waitFor: 1_000 },
    { waitForFunction: { fn: 'document.querySelector("#late")', polling: 20 } },
    { waitForSelector: { selector: '#late', visible: true } },
    { gotoOptions: { waitUntil: 'networkidle0' } },
    { gotoOptions: { waitUntil: ['load', 'networkidle2'] } },
  ];
  for (const wait of waits) assert.match(await content({ url: pages.url('/'), ...wait }), 'id="late"');
  const never = { html: 'x', waitForSelector: { selector: '#never', timeout: 100 } };
  assert.is((await server.post('/content', never)).status, 408);
  assert.match(await content({ ...never, bestAttempt: true }), '>x<');
  const kept = { url: pages.url('/network?keep=1'), gotoOptions: { waitUntil: 'networkidle2', timeout: 20_000 } };
  assert.match(await content(kept), 'Network');
  const strict = { url: pages.url('/network?keep=1'), gotoOptions: { waitUntil: 'networkidle0', timeout: 1_500 } };
  assert.is((await server.post('/content', strict)).status, 408);
});

test('scripts and styles are added; GET works where it is enabled; prefixes are aliases', async () => {
  const added = { html: '<body>', addScriptTag: [{ content: 'document.body.append("by script")' }] };
  assert.match(await content(added), 'by script');
  const styled = await picture({ html: '<body>', addStyleTag: [{ content: 'body { background: #0f0 }' }] });
  assert.equal(pixel(styled, 5, 5), [0, 255, 0, 255]);
  const query = encodeURIComponent(JSON.stringify({ html: '<p>by GET</p>' }));
  assert.match(await (await server.get(`/chromium/content?body=${query}`)).text(), 'by GET');
  assert.match((await bytes('/chrome/content', { html: 'alias' })).toString(), 'alias');
});

test('a page that closes itself, at whatever moment, ends its session at once', async () => {
  const now = '<script>window.close()</script>';
  const later = '<script>setTimeout(() => window.close(), 300)</script>';
  for (const own of [{}, { userAgent: 'any' }]) {
    for (const body of [
      { html: now, ...own },
      { html: later, waitForTimeout: 20_000, ...own },
    ]) {
      const response = await deadline(server.post('/content?timeout=25000', body), 15_000, 'the end of the session');
      const { error } = JSON.parse(await response.text());
      assert.equal([response.status, error.code, error.message], [500, 'SESSION_FAILED', 'the page closed itself']);
    }
  }
});

test('waits on fresh pages never hang, however quickly sessions follow each other', async () => {
  for (let i = 0; i < 15; i++) {
    const started = { html: `<p>${i}</p>`, waitForSelector: { selector: 'p', timeout: 20_000 } };
    const got = await Promise.all([content(started), content(started)]);
    for (const html of got) assert.match(html, `<p>${i}</p>`);
  }
});

/** The middles of the squares of `/framed`. */
async function squares(body: object): Promise<number[][]> {
  const shown = await picture({ ...body, viewport: { width: 400, height: 100 } });
  return [50, 150, 250, 350].map((x) => pixel(shown, x, 50));
}

test('files of the machine are in no picture of a page that frames them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headcount-test-reach-'));
  try {
    const files = { document: join(folder, 'red.html'), image: join(folder, 'blue.png') };
    writeFileSync(files.document, documents.RED);
    writeFileSync(files.image, documents.IMAGE);
    const [red, blue] = [
      [255, 0, 0, 255],
      [0, 0, 255, 255],
    ];
    const overHttp = { document: pages.url('/red'), image: pages.url('/image.png') };
    const asFiles = { document: `file://${files.document}`, image: `file://${files.image}` };
    // The plain context and Playwright's.
    for (const extra of [{}, { waitForTimeout: 0 }]) {
      const bodies = (framed: typeof asFiles): object[] => [
        { url: pages.url(`/framed?${new URLSearchParams(framed)}`), ...extra },
        { html: documents.framed(framed), ...extra },
      ];
      for (const body of bodies(overHttp)) assert.equal(await squares(body), [red, red, red, blue], 'the control');
      for (const body of bodies(asFiles)) {
        const shown = (await squares(body)).map(String);
        for (const loud of [red, blue]) assert.not(shown.includes(`${loud}`), `${shown.join(' ')}: ${loud}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('dialogs are dismissed; a script that throws takes nothing with it but itself', async () => {
  for (const extra of [{}, { waitForTimeout: 0 }]) {
    const answered = await content({ url: pages.url('/dialog'), ...extra });
    assert.match(answered, 'data-answers="[false,null]"');
    const thrown = await content({ url: pages.url('/throws'), ...extra });
    assert.match(thrown, '<body data-before="1" data-next="1"><h1>Throws</h1>');
  }
});

test('pop-ups are windows to the page that opens them, unless it gives them up; its script goes on', async () => {
  for (const extra of [{}, { waitForTimeout: 0 }]) {
    assert.match(await content({ url: pages.url('/popup'), ...extra }), 'data-opened="window,window,null"');
  }
});

test('refuses what it must not follow, or cannot', async () => {
  const failing = { '/redirect-file': 'ERR_UNSAFE_REDIRECT', '/reset': 'ERR_', '/download': 'download' };
  for (const [path, message] of Object.entries(failing)) {
    const response = await server.post('/content', { url: pages.url(path) });
    assert.is(response.status, 502, path);
    assert.match(await response.text(), message);
  }
});

test.run();
