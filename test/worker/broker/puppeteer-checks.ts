/**
 * What Puppeteer's users do with a browser, each as a check that holds for a browser of one's own, too.
 */

import type { Browser, CDPSession, Page } from 'puppeteer-core';
import * as assert from 'uvu/assert';
import { deadline, until } from '../../deadline.js';
import type { Site } from './site.js';

const WAIT_MS = 15_000;

export type Check = (browser: Browser, site: Site) => Promise<void>;

async function pageOf(browser: Browser, url?: string): Promise<Page> {
  const page = await browser.newPage();
  if (url !== undefined) await page.goto(url);
  return page;
}

function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  return deadline(promise, WAIT_MS, what);
}

export const CHECKS: Readonly<Record<string, Check>> = {
  async 'navigates, back and forth'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    assert.is(await page.title(), 'Home');
    await Promise.all([page.waitForNavigation(), page.click('a')]);
    assert.is(await page.title(), 'Second');
    await page.goBack();
    assert.is(await page.title(), 'Home');
    await page.goForward();
    assert.is(await page.title(), 'Second');
    const response = await page.reload();
    assert.is(response?.status(), 200);
    assert.is((await page.goto(`${origin}/none`))?.status(), 404);
    await page.setContent('<title>Set</title>');
    assert.is(await page.title(), 'Set');
  },
  async 'sees frames, of its own site and of another'(browser, { origin, foreign }) {
    const page = await pageOf(browser, `${origin}/frames`);
    const frames = await until(() => (page.frames().length === 3 ? page.frames() : null), WAIT_MS, 'frames');
    const texts = await Promise.all(frames.slice(1).map((frame) => frame.$eval('#p', (p) => p.textContent)));
    assert.equal(texts, ['inside', 'inside']);
    assert.equal(frames.map((frame) => new URL(frame.url()).origin).sort(), [origin, origin, foreign].sort());
  },
  async 'gets pop-ups'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    const popup = new Promise<Page | null>((resolve) => page.once('popup', resolve));
    await page.evaluate("window.w = open('/second'); 1");
    const opened = await soon(popup, 'a pop-up');
    await opened?.waitForSelector('title');
    assert.is(await opened?.title(), 'Second');
    assert.ok((await browser.pages()).includes(opened as Page));
    await opened?.close();
    await until(() => page.evaluate('w.closed'), WAIT_MS, 'the pop-up to be closed');
  },
  async 'runs in workers'(browser, { origin }) {
    const page = await pageOf(browser);
    const created = new Promise<void>((resolve) => page.once('workercreated', () => resolve()));
    await page.goto(`${origin}/worker`);
    await soon(created, 'a worker');
    // It is there before its script has run.
    const seen = (): Promise<unknown> => Promise.resolve(page.workers()[0]?.evaluate('self.here ?? null'));
    assert.is(await until(seen, WAIT_MS, 'its script to have run'), 42);
  },
  async 'sees service workers'(browser, { origin }) {
    const page = await pageOf(browser, `${origin}/sw`);
    const target = await browser.waitForTarget((one) => one.type() === 'service_worker', { timeout: WAIT_MS });
    const worker = await target.worker();
    assert.is(await worker?.evaluate('self.registration.scope'), `${origin}/`);
    await page.close();
  },
  async 'intercepts requests'(browser, { origin }) {
    const page = await pageOf(browser);
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      if (!request.url().endsWith('/data')) return void request.continue();
      void request.respond({ status: 200, contentType: 'text/plain', body: 'from the client' });
    });
    await page.goto(`${origin}/asks`);
    await page.waitForFunction("document.title === 'from the client'", { timeout: WAIT_MS });
  },
  async 'binds functions'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    await page.exposeFunction('add', (a: number, b: number) => a + b);
    assert.is(await page.evaluate('add(1, 2)'), 3);
    await page.evaluateOnNewDocument('window.early = true');
    await page.reload();
    assert.is(await page.evaluate('early'), true);
  },
  async 'measures coverage'(browser, { origin }) {
    const page = await pageOf(browser);
    await Promise.all([page.coverage.startJSCoverage(), page.coverage.startCSSCoverage()]);
    await page.goto(`${origin}/covered`);
    const [js, css] = await Promise.all([page.coverage.stopJSCoverage(), page.coverage.stopCSSCoverage()]);
    assert.ok((js[0]?.ranges.length ?? 0) > 0);
    assert.is(css[0]?.ranges.length, 1);
  },
  async 'makes pictures and documents'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    const pdf = await page.pdf();
    assert.is(Buffer.from(pdf.subarray(0, 4)).toString(), '%PDF');
    assert.is(Buffer.from((await page.screenshot()).subarray(1, 4)).toString(), 'PNG');
    const element = await page.$('#h');
    assert.ok(((await element?.screenshot())?.length ?? 0) > 100);
  },
  async 'hears of downloads'(browser, { origin }) {
    const page = await pageOf(browser, `${origin}/download`);
    const session = await browser.target().createCDPSession();
    await session.send('Browser.setDownloadBehavior', {
      behavior: 'allowAndName',
      downloadPath: '/tmp',
      eventsEnabled: true,
    });
    const states: string[] = [];
    session.connection()?.on('Browser.downloadProgress', ({ state }) => states.push(state));
    session.on('Browser.downloadProgress', ({ state }) => states.push(state));
    await page.click('#d');
    await until(() => states.includes('completed'), WAIT_MS, 'the download');
  },
  async 'grants permissions'(browser, { origin }) {
    const context = browser.defaultBrowserContext();
    await context.overridePermissions(origin, ['geolocation']);
    const page = await pageOf(browser, origin);
    await page.setGeolocation({ latitude: 10, longitude: 20 });
    const asked = 'navigator.geolocation.getCurrentPosition((p) => go(p.coords.latitude), () => go(0))';
    assert.is(await page.evaluate(`new Promise((go) => ${asked})`), 10);
    await context.clearPermissionOverrides();
  },
  async 'emulates devices'(browser, { origin, requests }) {
    const page = await pageOf(browser);
    await page.setViewport({ width: 400, height: 300, deviceScaleFactor: 2, isMobile: true });
    await page.setUserAgent({ userAgent: 'an agent' });
    await page.emulateTimezone('Asia/Tokyo');
    await page.emulateMediaType('print');
    await page.setExtraHTTPHeaders({ 'x-extra': '1' });
    await page.goto(origin);
    assert.is(await page.evaluate('devicePixelRatio'), 2);
    assert.is(await page.evaluate('Intl.DateTimeFormat().resolvedOptions().timeZone'), 'Asia/Tokyo');
    assert.is(await page.evaluate("matchMedia('print').matches"), true);
    const headers = requests.findLast(({ url }) => url === '/')?.headers;
    assert.equal([headers?.['user-agent'], headers?.['x-extra']], ['an agent', '1']);
    await page.setJavaScriptEnabled(false);
    await page.setOfflineMode(true);
    await assert.is(
      (await page.goto(origin).catch((error: Error) => error.message))?.toString().includes('ERR_'),
      true,
    );
  },
  async 'types and clicks'(browser, { origin }) {
    const page = await pageOf(browser, `${origin}/form`);
    await page.type('#i', 'typed');
    await page.click('#b');
    assert.is(await page.$eval('#b', (b) => b.textContent), 'typed');
    await page.keyboard.press('Tab');
    await page.mouse.move(10, 10);
    await page.mouse.wheel({ deltaY: 10 });
    await page.touchscreen.tap(20, 20);
  },
  async 'answers dialogs, and hears the console'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    page.on('dialog', (dialog) => void dialog.accept('said'));
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    assert.is(await page.evaluate("console.log('a line'); prompt('?')"), 'said');
    const long = 'x'.repeat(300_000);
    await page.evaluate(`console.log('${long}')`);
    await until(() => lines.includes(long), WAIT_MS, 'the long line');
    assert.is(lines[0], 'a line');
  },
  async 'keeps cookies, of a context'(browser, { origin, requests }) {
    const page = await pageOf(browser, origin);
    await browser.setCookie({ name: 'a', value: '1', domain: '127.0.0.1', path: '/' });
    await page.reload();
    assert.is(requests.findLast(({ url }) => url === '/')?.headers.cookie, 'a=1');
    const other = await browser.createBrowserContext();
    assert.equal(await other.cookies(), []);
    assert.equal(
      (await browser.cookies()).map(({ name }) => name),
      ['a'],
    );
    await browser.deleteMatchingCookies({ name: 'a', url: origin });
    assert.equal(await browser.cookies(), []);
    await other.close();
  },
  async 'makes contexts, and ends them'(browser, { origin }) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(origin);
    assert.is(browser.browserContexts().length, 2);
    assert.is((await context.pages()).length, 1);
    const gone = new Promise<void>((resolve) => page.once('close', () => resolve()));
    await context.close();
    await soon(gone, 'its page to be closed');
    assert.is(browser.browserContexts().length, 1);
    await assert.is(page.isClosed(), true);
  },
  async 'tells of targets'(browser, { origin }) {
    const events: string[] = [];
    browser.on('targetcreated', (target) => events.push(`created ${target.type()}`));
    browser.on('targetchanged', (target) => events.push(`changed ${target.type()}`));
    browser.on('targetdestroyed', (target) => events.push(`destroyed ${target.type()}`));
    const page = await pageOf(browser, origin);
    assert.equal(browser.target().type(), 'browser');
    await page.close();
    await until(() => events.at(-1) === 'destroyed page', WAIT_MS, 'its end');
    assert.is(events[0], 'created page');
    assert.ok(events.includes('changed page'));
    assert.not(browser.targets().includes(page.target()));
  },
  async 'talks CDP itself'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    const session: CDPSession = await page.createCDPSession();
    const { result } = await session.send('Runtime.evaluate', { expression: 'document.title' });
    assert.is(result.value, 'Home');
    const { targetInfo } = await session.send('Target.getTargetInfo');
    assert.is(targetInfo.type, 'page');
    await session.detach();
    const root = await browser.target().createCDPSession();
    const { product } = await root.send('Browser.getVersion');
    assert.match(product, /Chrome/);
    const { targetInfos } = await root.send('Target.getTargets');
    assert.ok(targetInfos.some(({ targetId }) => targetId === targetInfo.targetId));
    await root.detach();
  },
  async 'tells its version'(browser) {
    assert.match(await browser.version(), /Chrome\/\d+/);
    assert.match(await browser.userAgent(), /Mozilla/);
  },
  async 'survives a page that crashes'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    const crashed = new Promise<Error>((resolve) => page.once('error', resolve));
    const session = await page.createCDPSession();
    session.send('Page.crash').catch(() => {});
    assert.match((await soon(crashed, 'the crash')).message, 'crashed');
    assert.is(await (await pageOf(browser, origin)).title(), 'Home');
  },
  async 'takes heap snapshots and metrics'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    assert.ok(((await page.metrics()).JSHeapUsedSize ?? 0) > 0);
    assert.ok(await page.accessibility.snapshot());
    const session = await page.createCDPSession();
    let chunks = 0;
    session.on('HeapProfiler.addHeapSnapshotChunk', () => chunks++);
    await session.send('HeapProfiler.takeHeapSnapshot');
    assert.ok(chunks > 0);
  },
  async 'moves its window'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    const session = await page.createCDPSession();
    const { windowId } = await session.send('Browser.getWindowForTarget');
    await session.send('Browser.setWindowBounds', { windowId, bounds: { width: 640, height: 480 } });
    const { bounds } = await session.send('Browser.getWindowBounds', { windowId });
    assert.equal([bounds.width, bounds.height], [640, 480]);
  },
  async 'takes a screencast'(browser, { origin }) {
    const page = await pageOf(browser, origin);
    const session = await page.createCDPSession();
    const frame = new Promise<string>((resolve) => session.once('Page.screencastFrame', ({ data }) => resolve(data)));
    await session.send('Page.startScreencast', { format: 'jpeg' });
    assert.ok((await soon(frame, 'a frame')).length > 100);
    await session.send('Page.stopScreencast');
  },
};
