/**
 * The browser as a whole: cookies, contexts, targets, and its end.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import * as assert from 'uvu/assert';
import { until } from '../../deadline.js';
import { type Checks, pageOf, soon, WAIT_MS, withFolder } from './check.js';

export const WHOLE_BROWSER: Checks = {
  async 'keeps cookies, which go with requests'({ browser, site, origin }) {
    const page = await pageOf(browser, origin);
    await browser.setCookie({ name: 'a', value: '1', domain: '127.0.0.1', path: '/' });
    await page.reload();
    assert.is(site.last('/')?.headers.cookie, 'a=1');
    await page.evaluate("document.cookie = 'b=2'");
    const names = (await browser.cookies()).map(({ name }) => name);
    assert.equal(names.sort(), ['a', 'b']);
    await browser.deleteMatchingCookies({ name: 'a', url: origin }, { name: 'b', url: origin });
    assert.equal(await browser.cookies(), []);
  },
  async 'keeps cookies of a context from another'({ browser, site, origin }) {
    const [one, other] = [await browser.createBrowserContext(), await browser.createBrowserContext()];
    await one.setCookie({ name: 'a', value: '1', domain: '127.0.0.1', path: '/' });
    assert.equal(await other.cookies(), []);
    const page = await other.newPage();
    await page.goto(`${origin}/second`);
    assert.is(site.last('/second')?.headers.cookie, undefined);
    await Promise.all([one.close(), other.close()]);
  },
  async 'keeps storage of a context from another'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.evaluate("localStorage.setItem('a', 'kept')");
    assert.is(await (await pageOf(browser, origin)).evaluate("localStorage.getItem('a')"), 'kept');
    const context = await browser.createBrowserContext();
    const other = await context.newPage();
    await other.goto(origin);
    assert.is(await other.evaluate("localStorage.getItem('a')"), null);
    await context.close();
  },
  async 'makes contexts, and ends them'({ browser, origin }) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(origin);
    assert.is(browser.browserContexts().length, 2);
    assert.equal([(await context.pages()).length, page.browserContext() === context], [1, true]);
    const gone = new Promise<void>((resolve) => page.once('close', () => resolve()));
    await context.close();
    await soon(gone, 'its page to be closed');
    assert.is(browser.browserContexts().length, 1);
    assert.is(page.isClosed(), true);
  },
  async 'gets downloads into a folder of its own'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/download`);
    const session = await browser.target().createCDPSession();
    const done = new Promise<void>((resolve) => {
      const hear = ({ state }: { state: string }): void => void (state === 'completed' && resolve());
      session.on('Browser.downloadProgress', hear);
      session.connection()?.on('Browser.downloadProgress', hear);
    });
    await withFolder(async (downloadPath) => {
      await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath, eventsEnabled: true });
      await page.click('#d');
      await soon(done, 'the download');
      assert.is(readFileSync(join(downloadPath, 'file.txt'), 'utf8'), 'contents');
    });
  },
  async 'grants permissions, and takes them back'({ browser, origin }) {
    const context = browser.defaultBrowserContext();
    const page = await pageOf(browser, origin);
    const stateOf = "navigator.permissions.query({ name: 'geolocation' }).then(({ state }) => state)";
    await context.overridePermissions(origin, ['geolocation']);
    assert.is(await page.evaluate(stateOf), 'granted');
    await context.overridePermissions(origin, []);
    assert.is(await page.evaluate(stateOf), 'denied');
    await context.clearPermissionOverrides();
  },
  async 'tells of targets'({ browser, origin }) {
    const events: string[] = [];
    browser.on('targetcreated', (target) => events.push(`created ${target.type()}`));
    browser.on('targetchanged', (target) => events.push(`changed ${target.type()}`));
    browser.on('targetdestroyed', (target) => events.push(`destroyed ${target.type()}`));
    const page = await pageOf(browser, origin);
    assert.is(browser.target().type(), 'browser');
    assert.is(page.target().url(), `${origin}/`);
    await page.close();
    await until(() => events.at(-1) === 'destroyed page', WAIT_MS, 'its end');
    assert.is(events[0], 'created page');
    assert.ok(events.includes('changed page'));
    assert.not(browser.targets().includes(page.target()));
  },
  async 'knows who has opened a page'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.evaluate("open('/second'); 1");
    const target = await browser.waitForTarget((one) => one.url() === `${origin}/second`, { timeout: WAIT_MS });
    assert.is(target.opener(), page.target());
    assert.is(await (await target.page())?.title(), 'Second');
  },
  async 'talks CDP with a page'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const session = await page.createCDPSession();
    const { result } = await session.send('Runtime.evaluate', { expression: 'document.title' });
    assert.is(result.value, 'Home');
    assert.is((await session.send('Target.getTargetInfo')).targetInfo.type, 'page');
    const error = await session.send('No.such' as 'Page.enable').catch((thrown: Error) => thrown);
    assert.match((error as Error).message, /Protocol error \(No\.such\)/);
    await session.detach();
  },
  async 'talks CDP with the browser'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const root = await browser.target().createCDPSession();
    assert.match((await root.send('Browser.getVersion')).product, /Chrome/);
    const { targetInfos } = await root.send('Target.getTargets');
    assert.ok(targetInfos.some(({ url }) => url === page.url()));
    await root.detach();
  },
  async 'tells its version'({ browser }) {
    assert.match(await browser.version(), /Chrome\/\d+/);
    assert.match(await browser.userAgent(), /Mozilla/);
    assert.is(browser.connected, true);
  },
  async 'moves its window'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const session = await page.createCDPSession();
    const { windowId } = await session.send('Browser.getWindowForTarget');
    await session.send('Browser.setWindowBounds', { windowId, bounds: { width: 640, height: 480 } });
    const { bounds } = await session.send('Browser.getWindowBounds', { windowId });
    assert.equal([bounds.width, bounds.height], [640, 480]);
  },
  async 'survives a page that crashes'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const crashed = new Promise<Error>((resolve) => page.once('error', resolve));
    const session = await page.createCDPSession();
    session.send('Page.crash').catch(() => {});
    assert.match((await soon(crashed, 'the crash')).message, 'crashed');
    assert.is(await (await pageOf(browser, origin)).title(), 'Home');
  },
  async 'closes pages, also those that would rather stay'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/leaves`);
    await page.click('#b');
    const asked = new Promise<string>((resolve) => {
      page.once('dialog', (dialog) => {
        resolve(dialog.type());
        void dialog.accept();
      });
    });
    await page.close({ runBeforeUnload: true });
    assert.is(await soon(asked, 'the question'), 'beforeunload');
    await until(() => page.isClosed(), WAIT_MS, 'its end');
    const error = await page.title().catch((thrown: Error) => thrown);
    assert.ok(error instanceof Error);
  },
  async disconnects({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const gone = new Promise<void>((resolve) => browser.once('disconnected', () => resolve()));
    await browser.disconnect();
    await soon(gone, 'the event');
    assert.is(browser.connected, false);
    assert.ok((await page.title().catch((thrown: Error) => thrown)) instanceof Error);
  },
  async 'closes, with all of its pages'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const gone = new Promise<void>((resolve) => browser.once('disconnected', () => resolve()));
    await browser.close();
    await soon(gone, 'the event');
    assert.is(browser.connected, false);
    assert.ok((await page.title().catch((thrown: Error) => thrown)) instanceof Error);
  },
  async 'finds its pages again when it comes back'({ browser, origin }) {
    await pageOf(browser, `${origin}/second`);
    await browser.disconnect();
    const again = await puppeteer.connect({ browserWSEndpoint: browser.wsEndpoint() });
    try {
      const urls = (await again.pages()).map((page) => page.url());
      assert.ok(urls.includes(`${origin}/second`), 'its page is not there any more');
    } finally {
      await again.close();
    }
  },
};
