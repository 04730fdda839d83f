/**
 * Requests as clients observe, answer, change and forbid them.
 */

import * as assert from 'uvu/assert';
import { until } from '../../deadline.js';
import { type Checks, pageOf, WAIT_MS, withFolder } from './check.js';

export const NETWORK: Checks = {
  async 'answers requests itself'({ browser, origin }) {
    const page = await pageOf(browser);
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      if (!request.url().endsWith('/data')) return void request.continue();
      void request.respond({ status: 200, contentType: 'text/plain', body: 'from the client' });
    });
    await page.goto(`${origin}/asks`);
    await page.waitForFunction("document.title === 'from the client'");
  },
  async 'aborts requests, and hears that they failed'({ browser, origin }) {
    const page = await pageOf(browser);
    const failed: (string | undefined)[] = [];
    page.on('requestfailed', (request) => failed.push(request.failure()?.errorText));
    await page.setRequestInterception(true);
    page.on('request', (request) =>
      request.url().endsWith('/data') ? void request.abort('blockedbyclient') : void request.continue(),
    );
    await page.goto(`${origin}/asks`);
    await page.waitForFunction("document.title === 'failed'");
    assert.match(failed.join(), /^net::ERR_BLOCKED_BY_CLIENT/);
  },
  async 'goes on with another method, headers and body'({ browser, site, origin }) {
    const page = await pageOf(browser);
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      if (!request.url().endsWith('/echo')) return void request.continue();
      void request.continue({
        method: 'PUT',
        headers: { ...request.headers(), 'x-more': 'more' },
        postData: 'changed',
      });
    });
    await page.goto(`${origin}/posts`);
    await page.waitForFunction("document.title === 'PUT more changed'");
    assert.is(site.last('/echo')?.body, 'changed');
  },
  async 'goes on to another URL'({ browser, origin }) {
    const page = await pageOf(browser);
    await page.setRequestInterception(true);
    page.on('request', (request) => void request.continue({ url: request.url().replace('/none', '/second') }));
    assert.is((await page.goto(`${origin}/none`))?.status(), 200);
    assert.equal([await page.title(), page.url()], ['Second', `${origin}/none`]);
  },
  async 'sends headers of its own'({ browser, site, origin }) {
    const page = await pageOf(browser);
    await page.setExtraHTTPHeaders({ 'x-more': 'extra' });
    await page.goto(`${origin}/second`);
    assert.is(site.last('/second')?.headers['x-more'], 'extra');
  },
  async authenticates({ browser, origin }) {
    const page = await pageOf(browser);
    assert.is((await page.goto(`${origin}/secret`))?.status(), 401);
    await page.authenticate({ username: 'me', password: 'word' });
    assert.is((await page.goto(`${origin}/secret`))?.status(), 200);
    assert.is(await page.title(), 'Secret');
  },
  async 'hears requests and responses, and reads bodies'({ browser, origin }) {
    const page = await pageOf(browser);
    const seen: string[] = [];
    page.on('request', (request) => seen.push(`asks ${new URL(request.url()).pathname}`));
    page.on('requestfinished', (request) => seen.push(`has ${new URL(request.url()).pathname}`));
    const echoed = page.waitForResponse(`${origin}/echo`);
    await page.goto(`${origin}/posts`, { waitUntil: 'networkidle0' });
    const response = await echoed;
    assert.is(await response.text(), 'POST  posted');
    assert.is(await response.request().fetchPostData(), 'posted');
    assert.equal(seen.filter((one) => one.endsWith('/echo')).sort(), ['asks /echo', 'has /echo']);
  },
  async 'knows the address that answered'({ browser, origin }) {
    const page = await pageOf(browser);
    const response = await page.goto(origin);
    assert.is(response?.remoteAddress().port, Number(new URL(origin).port), 'another port has answered');
  },
  async 'uses its cache, or not'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/cached`);
    await page.goto(`${origin}/second`);
    assert.is((await page.goto(`${origin}/cached`))?.fromCache(), true);
    await page.setCacheEnabled(false);
    assert.is((await page.goto(`${origin}/cached`))?.fromCache(), false);
  },
  async 'is offline, and online again'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.setOfflineMode(true);
    const error = await page.goto(`${origin}/second`).catch((thrown: Error) => thrown);
    assert.match((error as Error).message, 'net::ERR_INTERNET_DISCONNECTED');
    await page.setOfflineMode(false);
    assert.is((await page.goto(`${origin}/second`))?.status(), 200);
  },
  async 'slows the network down'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.emulateNetworkConditions({ download: 1e6, upload: 1e6, latency: 300 });
    const tookMs = Number(
      await page.evaluate("t = performance.now(); fetch('/data').then(() => performance.now() - t)"),
    );
    assert.ok(tookMs >= 290, `${tookMs} ms`);
    await page.emulateNetworkConditions(null);
  },
  async 'bypasses what a page forbids scripts'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/strict`);
    assert.is(
      await page.addScriptTag({ content: 'window.added = 1' }).then(() => page.evaluate('window.added')),
      undefined,
    );
    await page.setBypassCSP(true);
    await page.reload();
    await page.addScriptTag({ content: 'window.added = 1' });
    assert.is(await page.evaluate('added'), 1);
  },
  async 'hears of downloads'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/download`);
    const session = await browser.target().createCDPSession();
    const states: string[] = [];
    session.on('Browser.downloadProgress', ({ state }) => states.push(state));
    session.connection()?.on('Browser.downloadProgress', ({ state }) => states.push(state));
    await withFolder(async (downloadPath) => {
      const behavior = { behavior: 'allowAndName', downloadPath, eventsEnabled: true } as const;
      await session.send('Browser.setDownloadBehavior', behavior);
      await page.click('#d');
      await until(() => states.includes('completed'), WAIT_MS, 'the download');
    });
  },
};
