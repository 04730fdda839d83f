/**
 * Playwright: all that it does with a browser that it has launched, it does with the server's, by `connectOverCDP`.
 */

import { type Browser, chromium } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { both, findLaunch, type Launch, unknownChecks, WAIT_MS } from './both.js';
import { CHECKS } from './playwright-checks.js';
import { openService, type Service } from './service.js';
import { openSite, type Site } from './site.js';

interface Scene {
  site: Site;
  launch: Launch;
  service: Service;
}

const test = suite<Scene>('clients/playwright');

test.before(async (scene) => {
  scene.site = await openSite();
  scene.launch = await findLaunch();
  scene.service = await openService(`${scene.site.origin}/tall`);
});

test.after(async ({ service, site }) => {
  await service.close();
  site.close();
});

test('every difference is one of a check', () => {
  assert.equal(unknownChecks('playwright', CHECKS), []);
});

for (const [name, check] of Object.entries(CHECKS)) {
  test(name, async ({ site, launch, service }) => {
    const use = async (browser: Browser): Promise<void> => {
      try {
        const context = await browser.newContext();
        const page = await context.newPage();
        page.setDefaultTimeout(15_000);
        await check({ browser, context, page, site, origin: site.origin });
      } finally {
        await browser.close();
      }
    };
    await both({
      client: 'playwright',
      check: name,
      direct: async () => await use(await chromium.launch({ ...launch, chromiumSandbox: process.getuid?.() !== 0 })),
      served: async () => await use(await chromium.connectOverCDP(service.endpoint, { timeout: WAIT_MS })),
    });
  });
}

test('the server is at rest, and its own jobs have all succeeded', async ({ service }) => {
  await service.checkRest();
});

test.run();
