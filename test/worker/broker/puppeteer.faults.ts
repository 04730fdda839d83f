/**
 * Puppeteer as a client: what it does with a browser of its own, it does here; and of each session nothing is left.
 */

import puppeteer, { type Browser } from 'puppeteer-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline } from '../../deadline.js';
import { CHECKS } from './puppeteer-checks.js';
import { type BrokerScene, openScene, type Session, WAIT_MS } from './scene.js';
import { openSite, type Site } from './site.js';

interface Scene {
  broker: BrokerScene;
  site: Site;
  session: Session;
  browser: Browser;
}

const test = suite<Scene>('worker/broker/puppeteer');

test.before(async (scene) => {
  scene.site = await openSite();
  scene.broker = await openScene();
});

test.before.each(async (scene) => {
  scene.session = await scene.broker.session();
  scene.browser = await deadline(puppeteer.connect({ browserWSEndpoint: scene.session.url }), WAIT_MS, 'to connect');
});

test.after.each(async ({ broker, session, browser }) => {
  await browser.disconnect();
  await deadline(session.released, WAIT_MS, 'the session to be released');
  await broker.atRest();
});

test.after(async ({ broker, site }) => {
  await broker.close();
  site.close();
});

for (const [name, check] of Object.entries(CHECKS)) {
  test(name, async ({ browser, site }) => {
    await deadline(check(browser, site), WAIT_MS, name);
  });
}

test('a crash of a page is counted once', async ({ broker, browser, site }) => {
  const before = broker.pageCrashes();
  await CHECKS['survives a page that crashes']?.(browser, site);
  assert.is(broker.pageCrashes() - before, 1);
});

test('who disconnects or closes has succeeded', async ({ broker, session, browser }) => {
  await browser.newPage();
  await browser.close();
  const outcome = await deadline(session.outcome, WAIT_MS, 'the outcome');
  assert.equal([outcome.isOk, outcome.isOk && outcome.product], [true, 'closed']);
  await deadline(session.released, WAIT_MS, 'the session to be released');
  await broker.atRest();
});

test.run();
