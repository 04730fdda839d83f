/**
 * What sessions do with their page, as clients of Puppeteer and browserless v1 expect it: settings that hold wherever
 * the page goes, waits, tags, cookies, pages that go on by themselves, and the details of pictures and PDFs.
 */

import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { PNG } from 'pngjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { atRest, type Refused, ready, refusalOf, type Server, start } from './server.js';
import { PAGES, type Site, startSite, TELLING } from './site.js';

const test = suite('end-to-end/pages-as-asked');

let server: Server;
let site: Site;

const there = (path: string): string => site.url(path);

test.before(async () => {
  site = await startSite();
  server = await start();
  await ready(server);
});

test.after(async () => {
  await atRest(server);
  await server.stop();
  site.close();
});

async function content(body: object): Promise<string> {
  const response = await server.post('/content', body);
  const text = await response.text();
  assert.is(response.status, 200, `${JSON.stringify(body)}: ${text}`);
  return text;
}

async function bytes(path: string, body: object): Promise<Buffer> {
  const response = await server.post(path, body);
  const answered = Buffer.from(await response.arrayBuffer());
  assert.is(response.status, 200, `${JSON.stringify(body)}: ${answered.subarray(0, 300)}`);
  return answered;
}

const refusal = (path: string, body: object): Promise<Refused> => refusalOf(server, path, body);

const all = <T>(of: readonly T[], check: (one: T) => Promise<void>): Promise<unknown> => Promise.all(of.map(check));

test('settings hold over a redirect, a link and a script to another site', async () => {
  const viewport = { width: 700, height: 500, deviceScaleFactor: 2, hasTouch: true };
  const cookies = [{ name: 'here', value: '1', domain: 'localhost' }];
  const setExtraHTTPHeaders = { 'x-mine': 'sent' };
  const settings = { viewport, cookies, setExtraHTTPHeaders, userAgent: 'Mine/1.0', emulateMediaType: 'print' };
  await all(['/redirect', '/link', '/assigns', '/refreshes'], async (path) => {
    const body = { url: there(path), ...settings };
    assert.match(await content(body), 'ran|print|700|2|1|Mine/1.0|sent|here=1', path);
    const { width, height } = PNG.sync.read(await bytes('/screenshot', body));
    assert.equal([width, height], [1400, 1000], path);
  });
  assert.match(await content({ url: there('/tells'), emulateMediaType: 'print' }), 'ran|print|800');
  // HTML that was given has no cookies to tell of.
  const html = TELLING.replace(', document.cookie', '');
  assert.match(await content({ html, emulateMediaType: 'print' }), 'ran|print|800');
  await all(['/tells', '/redirect', '/refreshes'], async (path) => {
    const still = await content({ url: there(path), setJavaScriptEnabled: false, emulateMediaType: 'print' });
    assert.match(still, '<p id="told"></p>');
  });
  const authenticate = { username: 'user', password: 'pass' };
  assert.match(await content({ url: there('/to-auth'), authenticate }), 'come in');
  const mobile = { width: 400, height: 300, deviceScaleFactor: 3, isMobile: true };
  const drawn = PNG.sync.read(await bytes('/screenshot', { url: there('/link'), viewport: mobile }));
  assert.equal([drawn.width, drawn.height], [1200, 900]);
});

test('a function is waited for in each form that it may have, until what it comes to is true', async () => {
  const html = '<script>setTimeout(() => { window.isThere = true; document.title = "true" }, 150)</script>';
  await all(
    [
      'window.isThere',
      'const seen = window.isThere; seen',
      '() => window.isThere',
      'function () { return window.isThere; };',
      'isTrue(a = 1) { return a && window.isThere; }',
      'async () => window.isThere',
      'async function named(a = {}, b = (1, 2)) { await 1; return window.isThere && b; }',
      '\n\n// a comment\n/* and (one) => more */\n(a, b = Math.max(1, 2)) => window.isThere && b',
      'async a => { await new Promise((resolve) => setTimeout(resolve, 10)); return window.isThere }',
    ],
    async (fn) => {
      assert.match(await content({ html, waitForFunction: { fn } }), '<title>true</title>', fn);
      assert.match(await content({ html, waitFor: { fn, polling: 20 } }), '<title>true</title>', fn);
    },
  );
  const never = { html, waitForFunction: { fn: 'async () => false', timeout: 100 } };
  assert.equal(await refusal('/content', never), [408, 'STEP_TIMEOUT', 'waitForFunction: not true after 100 ms']);
  await content({ ...never, bestAttempt: true });
});

test('a function as waitFor is run once, waited for, and may come to anything', async () => {
  await all(
    [
      '() => { document.title = "run" }',
      '/* once */ async (a = 1) => { await a; document.title = "run"; return false }',
      'async function () { await new Promise((resolve) => setTimeout(resolve, 20)); document.title = "run" }',
    ],
    async (waitFor) => assert.match(await content({ html: 'x', waitFor }), '<title>run</title>', waitFor),
  );
  assert.match(await content({ html: '<p>x', waitFor: '//p' }), '<p>');
  const [status, code] = await refusal('/content', { html: 'x', waitFor: 'async () => { throw new Error("no") }' });
  assert.equal([status, code], [500, 'SESSION_FAILED']);
});

test('events are heard on window and document, from the start of the page on', async () => {
  await all(['on-window', 'on-document', 'late', 'load', 'DOMContentLoaded'], async (event) => {
    await content({ url: there('/events'), waitForEvent: { event, timeout: 5_000 } });
    await content({ html: PAGES['/events'], waitForEvent: { event, timeout: 5_000 } });
  });
  const never = { url: there('/events'), waitForEvent: { event: 'never', timeout: 100 } };
  assert.equal(await refusal('/content', never), [408, 'STEP_TIMEOUT', 'waitForEvent: not heard after 100 ms']);
});

test('with JavaScript off, styles come, scripts do nothing, pages scroll, and waits end', async () => {
  const off = { setJavaScriptEnabled: false, html: '<h1>Off</h1><script>document.title = "on"</script>' };
  const addScriptTag = [{ content: 'document.title = "tag"' }, { url: there('/style.css') }];
  const addStyleTag = [{ content: 'body { background: #0f0 }' }, { url: there('/style.css') }];
  assert.not.match(await content({ ...off, addScriptTag }), 'title>');
  const picture = PNG.sync.read(await bytes('/screenshot', { ...off, addStyleTag }));
  assert.equal([...picture.data.subarray(0, 4)], [0, 255, 0, 255]);
  const tall = { setJavaScriptEnabled: false, url: there('/tall'), selector: '#end', scrollPage: true };
  const element = PNG.sync.read(await bytes('/screenshot', tall));
  assert.equal([element.width, [...element.data.subarray(0, 4)]], [10, [255, 0, 0, 255]]);
  await content({ ...off, waitForSelector: { selector: 'h1', visible: true }, waitForTimeout: 10 });
  await content({ ...off, waitForFunction: { fn: 'async () => document.querySelector("h1")' } });
  for (const wait of [
    { waitForFunction: { fn: '() => false', timeout: 100 } },
    { waitForSelector: { selector: '#no', timeout: 100 } },
    { waitForEvent: { event: 'never', timeout: 100 } },
  ]) {
    assert.is((await refusal('/content', { ...off, ...wait }))[1], 'STEP_TIMEOUT', JSON.stringify(wait));
  }
});

test('a page that goes on by itself is followed, and what was answered is of the document that is shown', async () => {
  const paths = Object.keys(PAGES).slice(Object.keys(PAGES).indexOf('/meta'), Object.keys(PAGES).indexOf('/endless'));
  assert.is(paths.length, 9);
  const tag = { addStyleTag: [{ content: 'h1 { color: #f00 }' }] };
  for (const path of paths) {
    await all(
      [
        ['/content', tag],
        ['/screenshot', {}],
        ['/pdf', {}],
      ] as const,
      async ([kind, extra]) => {
        const response = await server.post(`${kind}?timeout=10000`, { url: there(path), ...extra });
        const body = Buffer.from(await response.arrayBuffer()).toString('latin1');
        assert.is(response.status, 200, `${path} ${kind}: ${body.slice(0, 300)}`);
        const { pathname } = new URL(response.headers.get('x-response-url') ?? '');
        assert.is(response.headers.get('x-response-code'), pathname === '/end' ? '203' : '200', `${path} ${kind}`);
        if (kind === '/content') assert.match(body, `at ${pathname}`);
        // As soon as it has loaded, or before: nothing is to be seen of the page that it was.
        if (/meta|onload|form|replaces/.test(path)) assert.is(pathname, '/end', `${path} ${kind}`);
      },
    );
  }
});

test('a page that never stays is shown as it is, or ends its session with a word of it', async () => {
  await all(['/content', '/screenshot', '/pdf'], async (kind) => {
    const response = await server.post(`${kind}?timeout=20000`, { url: there('/endless') });
    const body = await response.text();
    if (response.status === 200) return;
    const { error } = JSON.parse(body);
    assert.equal([response.status, error.code], [408, 'STEP_TIMEOUT']);
    assert.match(error.message, 'went on to another each time');
  });
});

test('a waited-for function and selector go on with the page', async () => {
  const waits = [{ waitForFunction: { fn: '() => document.body.textContent.includes("/end")' } }, { waitFor: 'h1' }];
  await all(waits, async (wait) => {
    assert.match(await content({ url: there('/crosses'), ...wait }), 'at /end');
  });
  assert.match(await content({ url: there('/tall'), waitFor: '() => { location = "/end" }' }), 'at /end');
});

test('what the policy of a page forbids stays forbidden, unless it is bypassed', async () => {
  const url = there('/strict');
  const script = { url, addScriptTag: [{ content: 'document.body.append("by " + "script")' }] };
  const style = { url, addStyleTag: [{ content: 'body { background: #0f0 }' }] };
  assert.not.match(await content(script), 'by script');
  const forbidden = [500, 'SESSION_FAILED', 'addStyleTag: it could not be loaded'];
  assert.equal(await refusal('/screenshot', style), forbidden);
  assert.match(await content({ ...script, bypassCSP: true }), 'by script');
  const picture = PNG.sync.read(await bytes('/screenshot', { ...style, bypassCSP: true }));
  assert.equal([...picture.data.subarray(0, 4)], [0, 255, 0, 255]);
  await content({ url, bypassCSP: true });
});

test('cookies have the home that they are given, or that of the page', async () => {
  const inMs = Date.now() + 3_600_000;
  for (const [cookie, isSent] of [
    [{}, true],
    [{ path: '/' }, true],
    [{ path: '/echo' }, true],
    [{ path: '/other' }, false],
    [{ url: there('/') }, true],
    [{ url: there('/'), path: '/echo' }, true],
    [{ url: there('/'), path: '/other' }, false],
    [{ url: there('/'), domain: '127.0.0.1' }, true],
    [{ domain: '127.0.0.1' }, true],
    [{ domain: 'other.test', path: '/' }, false],
    [{ expires: inMs }, true],
    [{ expires: inMs / 1000 }, true],
    [{ expires: -1 }, true],
    [{ expires: 1 }, false],
    [{ expires: (Date.now() - 60_000) / 1000 }, false],
    [{ expires: Date.now() - 60_000 }, false],
    [{ httpOnly: true, sameSite: 'Lax', secure: false }, true],
  ] as const) {
    const told = await content({ url: there('/echo'), cookies: [{ name: 'taste', value: 'oat', ...cookie }] });
    assert.is(told.includes('taste=oat'), isSent, JSON.stringify(cookie));
  }
  for (const value of ['a;b', 'a\nb', 'a\u0001b']) {
    const cookies = [
      { name: 'good', value: '1' },
      { name: 'bad', value },
    ];
    const [status, , message] = await refusal('/content', { url: there('/echo'), cookies });
    assert.is(status, 400);
    assert.match(message, /^cookies\.1: /);
  }
});

test('waits that give up name their key', async () => {
  const never = { selector: '#no', timeout: 50 };
  for (const [key, body] of [
    ['waitForSelector', { waitForSelector: never }],
    ['waitFor', { waitFor: never }],
  ] as const) {
    const is = [408, 'STEP_TIMEOUT', `${key}: not there after 50 ms`];
    assert.equal(await refusal('/content', { html: 'x', ...body }), is);
    await content({ html: 'x', ...body, bestAttempt: true });
  }
});

test('a jpeg without background is white', async () => {
  const jpeg = async (omitBackground: boolean): Promise<Buffer> => {
    return await bytes('/screenshot', { html: '<p>white', options: { type: 'jpeg', omitBackground } });
  };
  assert.ok((await jpeg(true)).equals(await jpeg(false)));
});

test('PDFs are tagged, and of the size that Puppeteer makes them', async () => {
  const html = '<h1>Title</h1>';
  const isTagged = async (options: object): Promise<boolean> => {
    return (await bytes('/pdf', { html, options })).includes('/StructTreeRoot');
  };
  assert.equal(await Promise.all([isTagged({}), isTagged({ tagged: false })]), [true, false]);
  const a4 = await printed({ html, options: { format: 'A4' } });
  assert.equal([a4.width.toFixed(2), a4.height.toFixed(2)], ['595.92', '841.92']);
  const spaced = async (left: unknown): Promise<number> => {
    return (await printed({ html: '<body style="margin:0">Text', options: { margin: { left } } })).textAt;
  };
  const [half, ten, one, plain] = await Promise.all(['.5in', '12PX', ' 1 cm', '1 In '].map(spaced));
  assert.equal(
    [half, ten, one, plain].map((at) => Math.round(at ?? 0)),
    [36, 9, 28, 72],
  );
});

async function printed(body: object): Promise<{ width: number; height: number; textAt: number }> {
  const parsed = await getDocument({ data: new Uint8Array(await bytes('/pdf', body)), verbosity: 0 }).promise;
  const page = await parsed.getPage(1);
  const [item] = (await page.getTextContent()).items;
  const [, , width = 0, height = 0] = page.view;
  await parsed.destroy();
  return { width, height, textAt: item && 'transform' in item ? Number(item.transform[4]) : -1 };
}

test.run();
