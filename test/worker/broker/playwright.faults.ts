/**
 * Playwright's `connectOverCDP` as a client: what it does with a browser of its own, it does here.
 */

import { readFileSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../../deadline.js';
import { type BrokerScene, openScene, type Session, WAIT_MS } from './scene.js';
import { openSite, type Site } from './site.js';

interface Scene {
  broker: BrokerScene;
  site: Site;
  session: Session;
  browser: Browser;
  context: BrowserContext;
  page: Page;
}

const test = suite<Scene>('worker/broker/playwright');

test.before(async (scene) => {
  scene.site = await openSite();
  scene.broker = await openScene();
});

test.before.each(async (scene) => {
  scene.session = await scene.broker.session();
  scene.browser = await chromium.connectOverCDP(scene.session.url, { timeout: WAIT_MS });
  scene.context = await scene.browser.newContext();
  scene.page = await scene.context.newPage();
  scene.page.setDefaultTimeout(WAIT_MS);
});

test.after.each(async ({ broker, session, browser }) => {
  await browser.close();
  await deadline(session.released, WAIT_MS, 'the session to be released');
  await broker.atRest();
  assert.is((await session.outcome).isOk, true);
});

test.after(async ({ broker, site }) => {
  await broker.close();
  site.close();
});

test('navigates, reads, clicks, and sees frames', async ({ page, site }) => {
  const response = await page.goto(site.origin);
  assert.is(response?.status(), 200);
  await page.getByText('on').click();
  await page.waitForURL('**/second');
  await page.goto(`${site.origin}/frames`);
  assert.equal(
    await Promise.all(
      page
        .frames()
        .slice(1)
        .map((frame) => frame.textContent('#p')),
    ),
    ['inside', 'inside'],
  );
  await page.goto(`${site.origin}/form`);
  await page.fill('#i', 'typed');
  await page.click('#b');
  assert.is(await page.textContent('#b'), 'typed');
});

test('the default context is a fresh one, and has pages', async ({ browser, site }) => {
  const [first] = browser.contexts();
  assert.is(first?.pages().length, 0);
  const page = await first?.newPage();
  await page?.goto(site.origin);
  assert.is(await page?.title(), 'Home');
  assert.equal(await first?.cookies(), []);
});

test('pop-ups, workers, dialogs and the console are seen', async ({ page, site }) => {
  await page.goto(site.origin);
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.evaluate("void open('/second')")]);
  await popup.waitForLoadState();
  assert.is(await popup.title(), 'Second');
  const [worker] = await Promise.all([page.waitForEvent('worker'), page.goto(`${site.origin}/worker`)]);
  // It is there before its script has run.
  assert.is(await until(() => worker.evaluate('self.here ?? null'), WAIT_MS, 'its script'), 42);
  page.once('dialog', (dialog) => void dialog.accept('said'));
  const [line, said] = await Promise.all([
    page.waitForEvent('console'),
    page.evaluate("console.log('a line'); prompt('?')"),
  ]);
  assert.equal([line.text(), said], ['a line', 'said']);
});

test('routes, bindings and init scripts work', async ({ page, context, site }) => {
  await context.route('**/data', (route) => route.fulfill({ body: 'from the client' }));
  await context.exposeBinding('add', (_source, a: number, b: number) => a + b);
  await context.addInitScript('window.early = 1');
  await page.goto(`${site.origin}/asks`);
  await page.waitForFunction("document.title === 'from the client'");
  assert.is(await page.evaluate('add(early, 2)'), 3);
});

test('contexts have their options, cookies and permissions', async ({ browser, site }) => {
  const context = await browser.newContext({
    locale: 'de-DE',
    timezoneId: 'Asia/Tokyo',
    userAgent: 'an agent',
    viewport: { width: 321, height: 123 },
    geolocation: { latitude: 10, longitude: 20 },
    permissions: ['geolocation'],
    extraHTTPHeaders: { 'x-extra': '1' },
  });
  await context.addCookies([{ name: 'a', value: '1', url: site.origin }]);
  const page = await context.newPage();
  await page.goto(site.origin);
  const { headers } = site.requests.findLast(({ url }) => url === '/') ?? { headers: null };
  assert.equal([headers?.['user-agent'], headers?.['x-extra'], headers?.cookie], ['an agent', '1', 'a=1']);
  assert.equal(await page.evaluate('[navigator.language, innerWidth, innerHeight]'), ['de-DE', 321, 123]);
  const asked =
    'new Promise((go) => navigator.geolocation.getCurrentPosition((p) => go(p.coords.latitude), () => go(0)))';
  assert.is(await page.evaluate(asked), 10);
  await context.close();
});

test('pictures, documents, and CDP of a page and of the browser', async ({ browser, context, page, site }) => {
  await page.goto(site.origin);
  assert.is((await page.screenshot({ fullPage: true })).subarray(1, 4).toString(), 'PNG');
  assert.is((await page.pdf()).subarray(0, 4).toString(), '%PDF');
  const session = await context.newCDPSession(page);
  assert.is((await session.send('Runtime.evaluate', { expression: 'document.title' })).result.value, 'Home');
  await session.detach();
  const root = await browser.newBrowserCDPSession();
  assert.match((await root.send('Browser.getVersion')).product, /Chrome/);
  await root.detach();
});

test('files of its own are uploaded, as Playwright sends their contents', async ({ page, site }) => {
  await page.goto(`${site.origin}/form`);
  const text = "document.querySelector('#f').files[0].text()";
  await page.setInputFiles('#f', { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('contents') });
  assert.is(await page.evaluate(text), 'contents');
  await page.setInputFiles('#f', import.meta.filename);
  assert.is(await page.evaluate(text), readFileSync(import.meta.filename, 'utf8'));
});

test('a download is heard of', async ({ page, site }) => {
  await page.goto(`${site.origin}/download`);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#d')]);
  assert.is(download.suggestedFilename(), 'file.txt');
  assert.is(await download.failure(), null);
});

test('a crash of its page is heard of, and others go on', async ({ context, page, site }) => {
  await page.goto(site.origin);
  const session = await context.newCDPSession(page);
  session.send('Page.crash').catch(() => {});
  await deadline(new Promise<void>((resolve) => page.once('crash', () => resolve())), WAIT_MS, 'the crash');
  const other = await context.newPage();
  await other.goto(site.origin);
  assert.is(await other.title(), 'Home');
});

test.run();
