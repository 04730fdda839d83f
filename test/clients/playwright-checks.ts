/**
 * What Playwright's users do with a browser, each as a check that also holds for a browser of their own.
 */

import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import type { Site } from './site.js';

const WAIT_MS = 15_000;

interface Given {
  readonly browser: Browser;
  /** A new context, with this page. */
  readonly context: BrowserContext;
  readonly page: Page;
  readonly site: Site;
  readonly origin: string;
}

export type Check = (given: Given) => Promise<void>;

const WHERE =
  'new Promise((go) => navigator.geolocation.getCurrentPosition((p) => go(p.coords.latitude), () => go(0)))';

export const CHECKS: Readonly<Record<string, Check>> = {
  async 'navigates, and waits for where a click leads'({ page, origin }) {
    assert.is((await page.goto(origin))?.status(), 200);
    await page.getByText('on').click();
    await page.waitForURL('**/second');
    await page.goBack();
    assert.is(await page.title(), 'Home');
    assert.is((await page.goto(`${origin}/none`, { waitUntil: 'networkidle' }))?.status(), 404);
  },
  async 'finds by role, label and text, through shadow roots'({ page, origin }) {
    await page.goto(origin);
    assert.is(await page.getByRole('heading', { name: 'Hello' }).textContent(), 'Hello');
    await page.goto(`${origin}/shadow`);
    await page.getByRole('button').click();
    assert.is(await page.locator('button').textContent(), '1');
  },
  async 'fills, presses, checks and selects'({ page, origin }) {
    await page.goto(`${origin}/form`);
    await page.fill('#i', 'typed');
    await page.press('#i', 'End');
    await page.locator('#i').pressSequentially('!');
    await page.click('#b');
    assert.is(await page.textContent('#b'), 'typed!');
    assert.equal(await page.selectOption('#s', { label: 'B' }), ['b']);
  },
  async 'drags, and taps'({ browser, page, origin }) {
    await page.goto(`${origin}/drag`);
    await page.dragAndDrop('#a', '#z');
    assert.is(await page.textContent('#z'), 'dragged');
    const context = await browser.newContext({ hasTouch: true });
    const other = await context.newPage();
    await other.goto(`${origin}/mouse`);
    await other.touchscreen.tap(20, 20);
    assert.equal(await other.evaluate("seen.filter((one) => one.startsWith('touch'))"), ['touchstart', 'touchend']);
    await context.close();
  },
  // A headless shell has no process of its own for a foreign frame unless it is told to, so the check takes what is
  // there.
  async 'reaches into frames, nested and foreign'({ page, origin }) {
    await page.goto(`${origin}/nested`);
    const outer = page.frameLocator('[name=outer]').frameLocator('[name=middle]');
    assert.is(await outer.frameLocator('[name=innermost]').locator('#p').textContent(), 'inside');
    await page.goto(`${origin}/frames`);
    assert.is(page.frames().length, 3);
  },
  async 'gets pop-ups, and who has opened them'({ context, page, origin }) {
    await page.goto(origin);
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.evaluate("void open('/second')")]);
    await popup.waitForLoadState();
    assert.is(await popup.title(), 'Second');
    assert.is(await popup.opener(), page);
    assert.is(context.pages().length, 2);
  },
  async 'runs in workers'({ page, origin }) {
    const [worker] = await Promise.all([page.waitForEvent('worker'), page.goto(`${origin}/worker`)]);
    // It is there before its script has run.
    assert.is(await until(() => worker.evaluate('self.here ?? null'), WAIT_MS, 'its script'), 42);
  },
  async 'sees service workers'({ context, page, origin }) {
    const [worker] = await Promise.all([context.waitForEvent('serviceworker'), page.goto(`${origin}/sw`)]);
    assert.is(worker.url(), `${origin}/sw.js`);
  },
  async 'answers dialogs, hears the console and errors'({ page, origin }) {
    await page.goto(origin);
    page.once('dialog', (dialog) => void dialog.accept('said'));
    const [line, error, said] = await Promise.all([
      page.waitForEvent('console'),
      page.waitForEvent('pageerror'),
      page.evaluate("console.log('a line'); setTimeout(() => { throw new Error('later') }, 0); prompt('?')"),
    ]);
    assert.equal([line.text(), error.message, said], ['a line', 'later', 'said']);
  },
  async 'answers, aborts and changes requests'({ context, page, site, origin }) {
    await context.route('**/data', (route) => route.fulfill({ body: 'from the client' }));
    await page.goto(`${origin}/asks`);
    await page.waitForFunction("document.title === 'from the client'");
    await page.route('**/data', (route) => route.abort());
    const [failed] = await Promise.all([page.waitForEvent('requestfailed'), page.reload()]);
    assert.is(failed.failure()?.errorText, 'net::ERR_FAILED');
    await page.route('**/echo', (route) =>
      route.continue({ method: 'PUT', headers: { 'x-more': '1' }, postData: 'new' }),
    );
    await page.goto(`${origin}/posts`);
    await page.waitForFunction("document.title === 'PUT 1 new'");
    assert.is(site.last('/echo')?.method, 'PUT');
  },
  async 'waits for requests and responses, and reads them'({ page, origin }) {
    const [request, response] = await Promise.all([
      page.waitForRequest('**/echo'),
      page.waitForResponse('**/echo'),
      page.goto(`${origin}/posts`),
    ]);
    assert.equal([request.postData(), await response.text()], ['posted', 'POST  posted']);
  },
  async 'knows the address that answered'({ page, origin }) {
    const response = await page.goto(origin);
    assert.is((await response?.serverAddr())?.port, Number(new URL(origin).port), 'another port has answered');
  },
  async 'binds functions, and runs scripts before a page does'({ context, page, origin }) {
    await context.exposeBinding('add', (_source, a: number, b: number) => a + b);
    await context.addInitScript('window.early = 1');
    await page.goto(origin);
    assert.is(await page.evaluate('add(early, 2)'), 3);
  },
  async 'contexts have their options'({ browser, site, origin }) {
    const context = await browser.newContext({
      locale: 'de-DE',
      timezoneId: 'Asia/Tokyo',
      userAgent: 'an agent',
      viewport: { width: 321, height: 123 },
      geolocation: { latitude: 10, longitude: 20 },
      permissions: ['geolocation'],
      extraHTTPHeaders: { 'x-extra': '1' },
      colorScheme: 'dark',
    });
    const page = await context.newPage();
    await page.goto(origin);
    const { headers } = site.last('/') ?? { headers: null };
    assert.equal([headers?.['user-agent'], headers?.['x-extra']], ['an agent', '1']);
    const seen =
      "[navigator.language, innerWidth, new Date(0).getHours(), matchMedia('(prefers-color-scheme: dark)').matches]";
    assert.equal(await page.evaluate(seen), ['de-DE', 321, 9, true]);
    assert.is(await page.evaluate(WHERE), 10);
    await context.close();
  },
  async 'authenticates, and is offline'({ browser, origin }) {
    const context = await browser.newContext({ httpCredentials: { username: 'me', password: 'word' } });
    const page = await context.newPage();
    assert.is((await page.goto(`${origin}/secret`))?.status(), 200);
    await context.setOffline(true);
    const error = await page.goto(origin).catch((thrown: Error) => thrown);
    assert.match((error as Error).message, 'net::ERR_INTERNET_DISCONNECTED');
    await context.close();
  },
  async 'keeps cookies and storage of a context, and takes them elsewhere'({ browser, context, page, site, origin }) {
    await context.addCookies([{ name: 'a', value: '1', url: origin }]);
    await page.goto(origin);
    await page.evaluate("localStorage.setItem('b', '2')");
    assert.is(site.last('/')?.headers.cookie, 'a=1');
    const other = await browser.newContext({ storageState: await context.storageState() });
    assert.is((await other.cookies())[0]?.value, '1');
    const moved = await other.newPage();
    await moved.goto(origin);
    assert.is(await moved.evaluate("localStorage.getItem('b')"), '2');
    await other.clearCookies();
    assert.equal([(await other.cookies()).length, (await context.cookies()).length], [0, 1]);
    await other.close();
  },
  async 'takes pictures, and prints'({ page, origin }) {
    await page.goto(`${origin}/tall`);
    const whole = await page.screenshot({ fullPage: true });
    assert.ok(whole.readUInt32BE(20) > 2000);
    const element = await page.locator('#box').screenshot();
    assert.equal([element.readUInt32BE(16), element.readUInt32BE(20)], [30, 20]);
    assert.is((await page.pdf({ format: 'A4' })).subarray(0, 4).toString(), '%PDF');
  },
  async 'talks CDP with a page, and with the browser'({ browser, context, page, origin }) {
    await page.goto(origin);
    const session = await context.newCDPSession(page);
    assert.is((await session.send('Runtime.evaluate', { expression: 'document.title' })).result.value, 'Home');
    await session.detach();
    const root = await browser.newBrowserCDPSession();
    assert.match((await root.send('Browser.getVersion')).product, /Chrome/);
    await root.detach();
  },
  async 'measures which scripts ran'({ page, origin }) {
    await page.coverage.startJSCoverage();
    await page.goto(`${origin}/covered`);
    const [entry] = await page.coverage.stopJSCoverage();
    assert.is(entry?.functions.find(({ functionName }) => functionName === 'f')?.ranges[0]?.count, 1);
  },
  async 'uploads files of its machine'({ page, origin }) {
    await page.goto(`${origin}/form`);
    const text = 'f.files[0].text()';
    await page.setInputFiles('#f', { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('contents') });
    assert.is(await page.evaluate(text), 'contents');
    await page.setInputFiles('#f', import.meta.filename);
    assert.is(await page.evaluate(text), readFileSync(import.meta.filename, 'utf8'));
  },
  async 'hears of downloads'({ page, origin }) {
    await page.goto(`${origin}/download`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#d')]);
    assert.is(download.suggestedFilename(), 'file.txt');
    assert.is(await download.failure(), null);
  },
  async 'reads downloads'({ page, origin }) {
    await page.goto(`${origin}/download`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#d')]);
    assert.is(readFileSync(await download.path(), 'utf8'), 'contents');
  },
  async 'traces itself'({ context, page, origin }) {
    await context.tracing.start({ screenshots: true, snapshots: true });
    await page.goto(origin);
    await context.tracing.stop();
  },
  async 'traces the browser'({ browser, page, origin }) {
    await browser.startTracing(page);
    await page.goto(origin);
    assert.ok((await browser.stopTracing()).length > 0);
  },
  async 'begins without a context'({ browser, context }) {
    assert.equal(browser.contexts(), [context], 'there is another context');
  },
  async 'survives a page that crashes'({ context, page, origin }) {
    await page.goto(origin);
    const crashed = new Promise<void>((resolve) => page.once('crash', () => resolve()));
    const session = await context.newCDPSession(page);
    session.send('Page.crash').catch(() => {});
    await deadline(crashed, WAIT_MS, 'the crash');
    const other = await context.newPage();
    await other.goto(origin);
    assert.is(await other.title(), 'Home');
  },
  async 'closes, with all of its contexts'({ browser, context, page }) {
    const gone = new Promise<void>((resolve) => browser.once('disconnected', () => resolve()));
    await browser.close();
    await deadline(gone, WAIT_MS, 'the event');
    assert.equal([browser.isConnected(), page.isClosed(), browser.contexts().includes(context)], [false, true, false]);
  },
};
