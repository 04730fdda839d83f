/**
 * What Chromium cannot know, as clients are told it: the reasons of what nobody answers, and the addresses of those who
 * do; by Puppeteer, and frame by frame.
 */

import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { holdClosedPort } from '../../closed-port.js';
import { deadline, until } from '../../deadline.js';
import { openRawClient, type RawClient } from './raw-client.js';
import { type BrokerScene, openScene, type Session, WAIT_MS } from './scene.js';
import { openSite, type Site } from './site.js';

interface Scene {
  broker: BrokerScene;
  site: Site;
  /** Where nobody listens, under two names. */
  closed: { readonly origin: string; readonly named: string; readonly host: string; release(): void };
}

const test = suite<Scene>('worker/broker/corrections');

test.before(async (scene) => {
  scene.site = await openSite();
  scene.broker = await openScene();
  const { port, release } = await holdClosedPort();
  const host = `127.0.0.1:${port}`;
  scene.closed = { origin: `http://${host}`, named: `http://localhost:${port}`, host, release };
});

test.after(async ({ broker, closed, site }) => {
  closed.release();
  await broker.close();
  site.close();
});

async function withPuppeteer(broker: BrokerScene, use: (browser: Browser, page: Page) => Promise<void>): Promise<void> {
  const session = await broker.session({ allowsClientProxy: true });
  const browser = await deadline(puppeteer.connect({ browserWSEndpoint: session.url }), WAIT_MS, 'to connect');
  try {
    await deadline(use(browser, await browser.newPage()), WAIT_MS, 'the client');
  } finally {
    await browser.disconnect();
    await over(broker, session);
  }
}

async function withRaw(broker: BrokerScene, use: (client: RawClient) => Promise<void>): Promise<void> {
  const session = await broker.session();
  const client = await openRawClient(session.url);
  try {
    await use(client);
  } finally {
    client.socket.close();
    await over(broker, session);
  }
}

async function over(broker: BrokerScene, session: Session): Promise<void> {
  await deadline(session.released, WAIT_MS, 'the session to be released');
  await broker.atRest();
}

async function failing(page: Page, url: string): Promise<string> {
  const failed = new Promise<string>((resolve) =>
    page.once('requestfailed', (request) => resolve(request.failure()?.errorText ?? '')),
  );
  const error = await page.goto(url).then(
    () => 'none',
    (thrown: Error) => thrown.message.split(' ')[0],
  );
  return `${error}, ${await deadline(failed, WAIT_MS, 'a failed request')}`;
}

test('a navigation that fails says why, and so does its request', async ({ broker, closed, site }) => {
  await withPuppeteer(broker, async (browser) => {
    const far = encodeURIComponent(closed.named);
    for (const [url, reason] of [
      [closed.origin, 'net::ERR_CONNECTION_REFUSED'],
      ['http://nobody.invalid/', 'net::ERR_NAME_NOT_RESOLVED'],
      ['http://169.254.169.254/latest', 'net::ERR_ACCESS_DENIED'],
      [`${site.origin}/to?url=${far}`, 'net::ERR_CONNECTION_REFUSED'],
      [closed.origin.replace('http', 'https'), 'net::ERR_CONNECTION_REFUSED'],
    ] as const) {
      // Each in a page of its own: what Chromium shows of an error comes after the error.
      assert.is(await failing(await browser.newPage(), url), `${reason}, ${reason}`, url);
    }
  });
});

test('what a page asks for and does not get says why, in its log too', async ({ broker, closed, site }) => {
  await withPuppeteer(broker, async (_browser, page) => {
    await page.goto(site.origin);
    const sockets = await page.createCDPSession();
    await sockets.send('Network.enable');
    const [requests, lines, errors]: string[][] = [[], [], []];
    page.on('requestfailed', (request) => requests?.push(request.failure()?.errorText ?? ''));
    page.on('console', (message) => lines?.push(message.text()));
    sockets.on('Network.webSocketFrameError', ({ errorMessage }) => errors?.push(errorMessage));
    const ask = (url: string): string => `fetch('${url}', { mode: 'no-cors' }).catch(() => {})`;
    await page.evaluate(`Promise.all([${ask(closed.origin)}, ${ask('http://nobody.invalid/')}])`);
    await until(() => requests?.length === 2 && lines?.length === 2, WAIT_MS, 'two failures');
    assert.equal(requests?.sort(), ['net::ERR_CONNECTION_REFUSED', 'net::ERR_NAME_NOT_RESOLVED']);
    assert.equal(
      lines?.sort(),
      requests?.map((reason) => `Failed to load resource: ${reason}`),
    );
    await page.evaluate(`new WebSocket('ws://${closed.host}'); 1`);
    await until(() => errors?.length === 1, WAIT_MS, 'a failure');
    assert.match(errors?.[0] ?? '', 'net::ERR_CONNECTION_REFUSED');
  });
});

test('a response knows who has answered, on the way too', async ({ broker, site }) => {
  await withPuppeteer(broker, async (_browser, page) => {
    const there = { ip: '127.0.0.1', port: Number(new URL(site.origin).port) };
    const home = await page.goto(site.origin);
    assert.equal(home?.remoteAddress(), there);
    const other = await page.goto(`${site.origin}/to?url=${encodeURIComponent(`${site.foreign}/second`)}`);
    assert.equal(await page.title(), 'Second');
    assert.equal(other?.remoteAddress(), there);
    const [first] = other?.request().redirectChain() ?? [];
    assert.equal(first?.response()?.remoteAddress(), there);
  });
});

test('behind a proxy of its own it is told of that', async ({ broker, closed, site }) => {
  await withPuppeteer(broker, async (browser) => {
    const context = await browser.createBrowserContext({ proxyServer: closed.origin });
    const reason = 'net::ERR_PROXY_CONNECTION_FAILED';
    assert.is(await failing(await context.newPage(), 'http://far.invalid/'), `${reason}, ${reason}`);
    const near = await context.newPage();
    assert.is((await near.goto(site.origin))?.remoteAddress().port, Number(new URL(site.origin).port));
  });
});

test('who is told of nothing else still learns why a navigation failed', async ({ broker, closed }) => {
  await withRaw(broker, async (client) => {
    const { sessionId } = await client.openPage();
    const { errorText } = await client.get('Page.navigate', { url: `${closed.origin}/x` }, sessionId);
    assert.is(errorText, 'net::ERR_CONNECTION_REFUSED');
  });
});

test('what a page says itself is left as it is', async ({ broker, closed }) => {
  await withRaw(broker, async (client) => {
    const { sessionId } = await client.openPage();
    await client.get('Runtime.enable', {}, sessionId);
    await client.get('Page.navigate', { url: closed.origin }, sessionId);
    const said = 'net::ERR_SOCKS_CONNECTION_FAILED';
    const expression = `console.log('${said}'); ({ errorText: '${said}' })`;
    const { result } = await client.get('Runtime.evaluate', { expression, returnByValue: true }, sessionId);
    assert.equal(result.value, { errorText: said });
    const line = await until(
      () => client.frames.find((frame) => frame.includes('consoleAPICalled')),
      WAIT_MS,
      'a line',
    );
    assert.match(line, said);
  });
});

test.run();
