/**
 * What a client has asked for of all of its pages, and has there whatever client it is: one that is attached to pages,
 * and one that is attached to tabs.
 */

import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../../deadline.js';
import { openRawClient } from './raw-client.js';
import { type BrokerScene, OPTIONS, openScene, WAIT_MS } from './scene.js';
import { openSite, type Site } from './site.js';

interface Scene {
  broker: BrokerScene;
  site: Site;
}

const test = suite<Scene>('worker/broker/options');

test.before(async (scene) => {
  scene.site = await openSite();
  scene.broker = await openScene();
});

test.after(async ({ broker, site }) => {
  await broker.atRest();
  await broker.close();
  site.close();
});

const emulation = {
  windowSize: { width: 640, height: 480 },
  userAgent: 'an agent',
  language: 'de-AT,de;q=0.5',
  timezone: 'Asia/Tokyo',
  ignoresCertificates: true,
};
const ASKED = `[navigator.userAgent, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone].join()`;
const EXPECTED = 'an agent,de-AT,Asia/Tokyo';

test('pages of Puppeteer, which is attached to tabs, have what was asked for; pop-ups too', async ({
  broker,
  site,
}) => {
  const session = await broker.session({ emulation, allowsInsecureCerts: true });
  const browser = await puppeteer.connect({ browserWSEndpoint: session.url, defaultViewport: null });
  const page = await browser.newPage();
  await page.goto(site.origin);
  assert.is(await page.evaluate(ASKED), EXPECTED);
  assert.equal(await page.evaluate('[innerWidth, innerHeight]'), [640, 480]);
  const { headers } = site.requests.findLast(({ url }) => url === '/') ?? { headers: null };
  assert.equal([headers?.['user-agent'], headers?.['accept-language']], ['an agent', 'de-AT,de;q=0.9']);
  await page.evaluate("void open('/second')");
  await until(() => site.requests.some(({ url }) => url === '/second'), WAIT_MS, 'the pop-up');
  assert.is(site.requests.findLast(({ url }) => url === '/second')?.headers['user-agent'], 'an agent');
  await browser.disconnect();
  await deadline(session.released, WAIT_MS, 'the session to be released');
});

test('pages of Playwright, which is attached to them, too; what it says itself wins', async ({ broker, site }) => {
  const session = await broker.session({ emulation, allowsInsecureCerts: true });
  const browser = await chromium.connectOverCDP(session.url);
  const page = await browser.contexts()[0]?.newPage();
  await page?.goto(site.origin);
  assert.is(await page?.evaluate(ASKED), EXPECTED);
  const other = await browser.newPage({ userAgent: 'its own', locale: 'fr-FR' });
  await other.goto(site.origin);
  assert.is(await other.evaluate(ASKED), 'its own,fr-FR,Asia/Tokyo');
  await browser.close();
  await deadline(session.released, WAIT_MS, 'the session to be released');
});

test("a client's proxy is taken where the server allows it, and for its context only", async ({ broker, site }) => {
  const session = await broker.session({ allowsClientProxy: true });
  const client = await openRawClient(session.url);
  const navigate = async (params: object, url: string): Promise<string | undefined> => {
    const { browserContextId } = await client.get('Target.createBrowserContext', params);
    const { targetId } = await client.get('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await client.get('Target.attachToTarget', { targetId, flatten: true });
    return (await client.get('Page.navigate', { url }, sessionId)).errorText;
  };
  const named = { proxyServer: 'http://proxy.invalid:1', proxyBypassList: 'a.test;<-loopback>' };
  assert.match((await navigate(named, 'http://some.test/')) ?? '', /ERR_/);
  assert.is(await navigate({}, site.origin), undefined);
  assert.equal(broker.proxies, [{ server: 'http://proxy.invalid:1', bypass: 'a.test' }]);
  client.socket.close();
  await deadline(session.released, WAIT_MS, 'the session to be released');
});

test('a proxy for all of its contexts is taken as main gives it', async ({ broker }) => {
  const proxy = { server: 'http://proxy.invalid:2', username: 'u', password: 'p' };
  const session = await broker.session({ proxy });
  const client = await openRawClient(session.url);
  await client.get('Target.createBrowserContext');
  assert.equal(broker.proxies.slice(1), [proxy], 'one exit for all of them');
  client.socket.close();
  await deadline(session.released, WAIT_MS, 'the session to be released');
});

test('tabs are attached to only while a client needs them', async ({ broker }) => {
  const first = await broker.session();
  const client = await openRawClient(first.url);
  await client.openPage();
  // A page: the session that was Playwright's has gone, the client's own is there; and the scout's, and the client's.
  const before = broker.census().sessions;
  assert.is(before, 3);
  const second = await broker.session();
  const browser = await puppeteer.connect({ browserWSEndpoint: second.url });
  await browser.newPage();
  // Two more of the client, with the tab and the page in it.
  assert.is(broker.census().sessions, before + 3);
  await browser.disconnect();
  await deadline(second.released, WAIT_MS, 'the session to be released');
  assert.is(broker.census().sessions, before);
  client.socket.close();
  await deadline(first.released, WAIT_MS, 'the session to be released');
});

test('what a page logs without end ends its client, and nobody else', async ({ broker }) => {
  const session = await broker.session(OPTIONS);
  const client = await openRawClient(session.url);
  const { sessionId } = await client.openPage();
  await client.get('Runtime.enable', {}, sessionId);
  const params = { expression: 'for (;;) console.log(1)' };
  client.socket.send(JSON.stringify({ id: 1000, method: 'Runtime.evaluate', params, sessionId }));
  assert.match(await client.closed(), /^1008 a page has told more/);
  await deadline(session.released, WAIT_MS, 'the session to be released');
});

test.run();
