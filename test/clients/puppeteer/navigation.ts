/**
 * Going to pages, waiting for what comes, finding what is there.
 */

import type { Page } from 'puppeteer-core';
import * as assert from 'uvu/assert';
import { until } from '../../deadline.js';
import { type Checks, pageOf, soon, WAIT_MS } from './check.js';

export const NAVIGATION: Checks = {
  async 'goes to pages, and learns what they answered'({ browser, origin }) {
    const page = await pageOf(browser);
    const response = await page.goto(origin);
    assert.equal([response?.status(), response?.headers()['content-type']], [200, 'text/html']);
    assert.match((await response?.text()) ?? '', 'Hello');
    assert.is((await page.goto(`${origin}/none`))?.status(), 404);
    assert.is(page.url(), `${origin}/none`);
  },
  async 'goes back, forward, and reloads'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.goto(`${origin}/second`);
    await page.goBack();
    assert.is(await page.title(), 'Home');
    await page.goForward();
    assert.is(await page.title(), 'Second');
    assert.is((await page.reload())?.status(), 200);
  },
  async 'waits for where a click leads'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const [response] = await Promise.all([page.waitForNavigation(), page.click('a')]);
    assert.is(response?.url(), `${origin}/second`);
    assert.is(await page.title(), 'Second');
  },
  async 'follows redirects, and names their chain'({ browser, origin }) {
    const page = await pageOf(browser);
    const response = await page.goto(`${origin}/moved`);
    assert.is(response?.url(), `${origin}/second`);
    const chain = response?.request().redirectChain();
    assert.equal(
      chain?.map((request) => request.url()),
      [`${origin}/moved`],
    );
  },
  async 'takes HTML as it is given'({ browser }) {
    const page = await pageOf(browser);
    await page.setContent('<title>Set</title><p>given</p>');
    assert.is(await page.title(), 'Set');
    assert.match(await page.content(), '<p>given</p>');
    await page.goto('data:text/html,<title>Data</title>');
    assert.is(await page.title(), 'Data');
  },
  async 'gives up a navigation at its timeout'({ browser, origin }) {
    const page = await pageOf(browser);
    const error = await page.goto(`${origin}/never`, { timeout: 300 }).catch((thrown: Error) => thrown);
    assert.is((error as Error).name, 'TimeoutError');
    await page.goto(origin);
    assert.is(await page.title(), 'Home');
  },
  async 'is told that nobody listens'({ browser, site }) {
    const page = await pageOf(browser);
    const error = await page.goto(site.closedOrigin).catch((thrown: Error) => thrown);
    assert.match((error as Error).message, 'net::ERR_CONNECTION_REFUSED', String(error));
  },
  async 'reads files of its machine'({ browser }) {
    const page = await pageOf(browser, `file://${import.meta.filename}`);
    assert.match(await page.content(), 'reads files of its machine');
  },
  async 'waits for selectors to come and to go'({ browser, origin }) {
    const page = await pageOf(browser);
    await page.goto(`${origin}/later`);
    await Promise.all([
      page.waitForSelector('#come', { visible: true }),
      page.waitForSelector('#gone', { hidden: true }),
    ]);
  },
  async 'waits for functions'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const waited = page.waitForFunction('window.told === 7 && told', { polling: 20 });
    await page.evaluate('window.told = 7');
    assert.is(await (await waited).jsonValue(), 7);
  },
  async 'waits for requests and responses'({ browser, origin }) {
    const page = await pageOf(browser);
    const [request, response] = await Promise.all([
      page.waitForRequest(`${origin}/data`),
      page.waitForResponse((one) => one.url().endsWith('/data')),
      page.goto(`${origin}/asks`),
    ]);
    assert.equal([request.method(), request.resourceType()], ['GET', 'fetch']);
    assert.is(await response.text(), 'from the server');
  },
  async 'waits until the network is idle'({ browser, origin }) {
    const page = await pageOf(browser);
    await page.goto(`${origin}/asks`, { waitUntil: 'networkidle0' });
    await page.waitForNetworkIdle({ idleTime: 50 });
    assert.is(await page.title(), 'from the server');
  },
  // A headless shell has no process of its own for a foreign frame unless it is told to, so the check takes what is
  // there.
  async 'sees frames, of its own site and of another'({ browser, site, origin }) {
    const page = await pageOf(browser, `${origin}/frames`);
    const frames = await until(() => (page.frames().length === 3 ? page.frames() : null), WAIT_MS, 'frames');
    const texts = await Promise.all(frames.slice(1).map((frame) => frame.$eval('#p', (p) => p.textContent)));
    assert.equal(texts, ['inside', 'inside']);
    const origins = frames.map((frame) => new URL(frame.url()).origin);
    assert.equal(origins.sort(), [origin, origin, site.foreign].sort());
  },
  async 'reaches into nested frames'({ browser, site, origin }) {
    const page = await pageOf(browser, `${origin}/nested`);
    const frame = await page.waitForFrame((one) => one.name() === 'innermost');
    assert.is(frame.url(), `${site.foreign}/inner`);
    assert.is(frame.parentFrame()?.parentFrame()?.name(), 'outer');
    await frame.waitForSelector('#p');
    assert.is(await frame.evaluate('document.title'), 'Inner');
  },
  async 'hears of frames that come and go'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const seen: string[] = [];
    page.on('frameattached', () => seen.push('attached'));
    page.on('framenavigated', () => seen.push('navigated'));
    page.on('framedetached', () => seen.push('detached'));
    const script = "new Promise((go) => { f.onload = go; f.src = '/inner' })";
    await page.evaluate(`f = document.createElement('iframe'); document.body.append(f); ${script}`);
    await page.evaluate('f.remove()');
    await until(() => seen.at(-1) === 'detached', WAIT_MS, 'its end');
    assert.is(seen[0], 'attached');
    assert.ok(seen.includes('navigated'));
  },
  async 'selects by text, ARIA and XPath'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    for (const selector of ['::-p-text(Hello)', '::-p-aria([name="Hello"][role="heading"])', '::-p-xpath(//h1)']) {
      assert.is(await page.$eval(selector, (found) => found.id), 'h', selector);
    }
    await page.locator('::-p-text(on)').click();
    await page.waitForFunction("document.title === 'Second'");
  },
  async 'pierces shadow roots'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/shadow`);
    await page.click('#host >>> button');
    assert.is(await page.$eval('pierce/button', (button) => button.textContent), '1');
  },
  async 'evaluates over all that it selects'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/form`);
    const options = await page.$$eval('option', (all, more) => all.map((one) => one.textContent + more), '!');
    assert.equal(options, ['A!', 'B!']);
    const handles = await page.$$('option');
    assert.is(await handles[1]?.evaluate((one) => (one as unknown as { value: string }).value), 'b');
    assert.is(await page.$('nothing'), null);
  },
  async 'gets pop-ups'({ browser, origin }) {
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
};
