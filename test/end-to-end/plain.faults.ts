/**
 * Plain contexts and Playwright's. What a session asks for decides which one it gets, and it never notices. Each body
 * is sent twice, the second time with a wait for nothing, which needs Playwright's context.
 */

import { createServer, type Server as HttpServer } from 'node:http';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { PNG } from 'pngjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { checkIdentities } from './identities.js';
import { atRest, ready, type Server, start, total, visitBoth } from './server.js';

const test = suite('end-to-end/plain');
/** Needs a Playwright context, and changes nothing else. */
const PLAYWRIGHT = { waitForTimeout: 0 };

let server: Server;
let pages: Pages;
let odd: HttpServer;
let oddUrl: string;
/** Fonts that were sent late. */
let fontsSent = 0;
const LATE_MS = 300;

const GOES_ON = 'document.documentElement.dataset.went = "on"';

/** Answers that the other pages do not give. */
const ODD: Readonly<Record<string, readonly [status: number, body: string]>> = {
  '/hop': [200, '<script>location.replace("/landed")</script><h1>Hop</h1>'],
  '/landed': [200, '<h1>Landed</h1>'],
  '/empty': [404, ''],
  '/nothing': [204, ''],
  '/opens': [200, `<script>for (let i = 0; i < 3; i++) open("/landed"); alert("still here"); ${GOES_ON}</script>`],
  '/worker': [200, `<script>new SharedWorker("/shared.js"); new Worker("/shared.js"); ${GOES_ON}</script>`],
};

test.before(async () => {
  pages = await startPages();
  odd = createServer((request, response) => {
    if (request.url === '/never') return;
    if (request.url === '/late') {
      response.once('finish', () => fontsSent++);
      setTimeout(() => response.writeHead(200, { 'access-control-allow-origin': '*' }).end('none'), LATE_MS);
      return;
    }
    const [status, body] = ODD[request.url ?? ''] ?? [404, 'nowhere'];
    const isScript = request.url?.endsWith('.js') === true;
    response.writeHead(isScript ? 200 : status, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? '' : body);
  });
  await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
  const address = odd.address();
  oddUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  server = await start();
  await ready(server);
});

test.after(async () => {
  await atRest(server);
  await checkIdentities(server);
  await server.stop();
  await pages.close();
  odd.closeAllConnections();
  odd.close();
});

interface Told {
  readonly status: number;
  readonly body: Buffer;
  /** The `x-response-…` headers. */
  readonly answer: Readonly<Record<string, string>>;
}

async function tell(path: string, body: object): Promise<Told> {
  const response = await server.post(path, body);
  const answer = Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('x-response-')));
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()), answer };
}

async function twice(path: string, body: object): Promise<[plain: Told, playwright: Told]> {
  return [await tell(path, body), await tell(path, { ...body, ...PLAYWRIGHT })];
}

test('pictures are the same to the pixel', async () => {
  const html = '<body style="margin:0"><div style="width:900px;height:2000px;background:linear-gradient(#f00,#00f)">';
  for (const body of [
    { url: pages.url('/red') },
    { html },
    { html, viewport: { width: 333, height: 222 } },
    { html, options: { fullPage: true } },
    { html, options: { clip: { x: 100, y: 900, width: 50, height: 40 } } },
    { html: '<h1>Text</h1><p>in the default font</p>', options: { omitBackground: true } },
    { html: '<style>@media (prefers-color-scheme: dark) { body { background: #000 } }</style>' },
    {
      html: `<p id="p"></p><script>p.textContent = [innerWidth, innerHeight, devicePixelRatio,
        document.hasFocus(), document.visibilityState, navigator.webdriver]</script>`,
    },
  ]) {
    const [plain, playwright] = await twice('/screenshot', body);
    assert.equal([plain.status, playwright.status], [200, 200], JSON.stringify(body));
    const [one, other] = [PNG.sync.read(plain.body), PNG.sync.read(playwright.body)];
    assert.equal([one.width, one.height], [other.width, other.height]);
    assert.ok(one.data.equals(other.data), `pixels differ: ${JSON.stringify(body)}`);
  }
});

test('HTML is the same to the byte, and so is what the navigation was answered', async () => {
  for (const body of [
    { url: pages.url('/long') },
    // Not to a page that adds to itself 50 ms after its load: it would answer differently each time.
    { url: pages.url('/redirect?to=/long') },
    { url: pages.url('/missing') },
    { url: pages.url('/error') },
    { url: pages.url('/dialog') },
    { url: `data:text/html,<h1>data</h1>` },
    { html: '<!doctype html><title>é</title><script>document.write("<b>written</b>")</script>' },
    { html: '</script>\u2028"\\', gotoOptions: { waitUntil: 'commit' } },
    { html: '', gotoOptions: { waitUntil: 'networkidle0' } },
    { html: '<h1>Quiet</h1>', gotoOptions: { waitUntil: ['networkidle2', 'networkidle0', 'load'] } },
    { url: pages.url('/'), gotoOptions: { waitUntil: ['domcontentloaded', 'networkidle2'] } },
  ]) {
    const [plain, playwright] = await twice('/content', body);
    assert.equal([plain.status, plain.body.toString()], [200, playwright.body.toString()], JSON.stringify(body));
    assert.equal(plain.answer, playwright.answer, JSON.stringify(body));
  }
});

test('PDFs have the same pages, of the same size, with the same text', async () => {
  const html = '<h1>One</h1><div style="break-before:page">Two</div>';
  for (const options of [
    {},
    { format: 'A4', landscape: true },
    { format: 'letter', pageRanges: '2' },
    { width: '10cm', height: 300, margin: { top: '1in', left: '20mm' }, scale: 0.5 },
  ]) {
    const [plain, playwright] = await twice('/pdf', { html, options });
    assert.is(plain.status, 200, plain.body.toString());
    assert.equal(await printed(plain.body), await printed(playwright.body), JSON.stringify(options));
  }
  const [{ view }] = await printed((await tell('/pdf', { html, options: { width: '10cm', height: 300 } })).body);
  assert.equal(view.map(Math.round), [0, 0, 284, 225]);
});

interface PrintedPage {
  readonly view: readonly number[];
  readonly text: string;
}

async function printed(pdf: Buffer): Promise<[PrintedPage, ...PrintedPage[]]> {
  const parsed = await getDocument({ data: new Uint8Array(pdf), verbosity: 0 }).promise;
  const read = async (number: number): Promise<PrintedPage> => {
    const page = await parsed.getPage(number);
    const { items } = await page.getTextContent();
    return { view: page.view, text: items.map((item) => ('str' in item ? item.str : '')).join('') };
  };
  const first = await read(1);
  const others: PrintedPage[] = [];
  for (let number = 2; number <= parsed.numPages; number++) others.push(await read(number));
  await parsed.destroy();
  return [first, ...others];
}

test('tells which way the device is held', async () => {
  const html = '<script>document.write([screen.orientation.type, screen.orientation.angle, innerWidth])</script>';
  for (const [isLandscape, held] of [
    [true, 'landscape-primary,90,800'],
    [false, 'portrait-primary,0,800'],
  ] as const) {
    const told = await twice('/content', { html, viewport: { width: 800, height: 600, isLandscape } });
    for (const { body } of told) assert.match(body.toString(), held);
  }
});

test('prints with fonts that come late, unless it is told not to wait for them', async () => {
  // The font is asked for when the page has loaded. Printing at once would go without it.
  const html = (font: string): string => `<style>@font-face { font-family: late; src: url(${oddUrl}${font}) }</style>
    <p>text<script>onload = () => { document.body.style.fontFamily = 'late'; document.body.offsetWidth; }</script>`;
  const [plain, playwright] = await twice('/pdf', { html: html('/never'), options: { waitForFonts: false } });
  assert.equal([plain.status, playwright.status, fontsSent], [200, 200, 0]);
  await twice('/pdf', { html: html('/late') });
  assert.is(fontsSent, 2);
});

test('refuses alike what cannot be loaded', async () => {
  for (const [url, status, message] of [
    ['http://127.0.0.1:9/', 502, 'net::ERR_'],
    [pages.url('/download'), 502, 'download'],
    [pages.url('/reset'), 502, 'net::ERR_'],
    [`${oddUrl}/nothing`, 502, 'net::ERR_ABORTED'],
  ] as const) {
    const [plain, playwright] = await twice('/content', { url });
    assert.equal([plain.status, playwright.status], [status, status], url);
    assert.match(plain.body.toString(), message);
    assert.is(plain.body.toString(), playwright.body.toString());
  }
  const late = { url: pages.url('/never'), gotoOptions: { timeout: 300 } };
  const [plain, playwright] = await twice('/content', late);
  assert.equal([plain.status, playwright.status], [408, 408]);
  for (const { status } of await twice('/content', { ...late, bestAttempt: true })) assert.is(status, 200);
});

test('follows a page that goes on by itself; takes an error without a body for the answer that it is', async () => {
  for (const { status, body, answer } of await twice('/content', {
    url: `${oddUrl}/hop`,
    gotoOptions: { waitUntil: 'networkidle0' },
  })) {
    assert.is(status, 200);
    assert.match(body.toString(), 'Landed');
    assert.is(answer['x-response-url'], `${oddUrl}/landed`);
  }
  for (const { status, answer } of await twice('/content', { url: `${oddUrl}/empty` })) {
    assert.equal([status, answer['x-response-code']], [200, '404']);
  }
});

test('pop-ups, dialogs and workers hold nothing up, and are gone with their session', async () => {
  for (const path of ['/opens', '/worker']) {
    for (const { status, body } of await twice('/content', { url: oddUrl + path })) {
      assert.is(status, 200, path);
      assert.match(body.toString(), '<html data-went="on">');
    }
  }
  await atRest(server);
  const pagesOpen = async (): Promise<number> => total(await server.samples(), 'headcount_pages_open');
  const contextsOpen = async (): Promise<number> => total(await server.samples(), 'headcount_contexts_open');
  // Each of the two workers keeps one ready, once it has had a session.
  await visitBoth(server);
  await until(async () => (await pagesOpen()) === 2 && (await contextsOpen()) === 2, 10_000, 'two pages');
  assert.is(total(await server.samples(), 'headcount_contexts_leaked'), 0);
});

test('keeps ready what was asked for last', async () => {
  const hits = async (): Promise<number> => total(await server.samples(), 'headcount_prewarm_total', '"hit"');
  for (const extra of [{}, PLAYWRIGHT, {}]) {
    const before = await hits();
    const asked = async (): Promise<boolean> => {
      await tell('/content', { html: 'x', ...extra });
      await atRest(server);
      return (await hits()) >= before + 4;
    };
    await until(asked, 20_000, `pages ready for ${JSON.stringify(extra)}`);
  }
});

test.run();
