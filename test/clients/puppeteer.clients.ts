/**
 * Puppeteer: all that it does with a browser that it has launched, it does with the server's.
 */

import puppeteer, { type Browser } from 'puppeteer-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { both, findLaunch, type Launch, unknownChecks, WAIT_MS } from './both.js';
import type { Checks } from './puppeteer/check.js';
import { INPUT } from './puppeteer/input.js';
import { NAVIGATION } from './puppeteer/navigation.js';
import { NETWORK } from './puppeteer/network.js';
import { OUTPUT } from './puppeteer/output.js';
import { SCRIPTING } from './puppeteer/scripting.js';
import { WHOLE_BROWSER } from './puppeteer/whole-browser.js';
import { openService, type Service } from './service.js';
import { openSite, type Site } from './site.js';

const CHECKS: Checks = { ...NAVIGATION, ...NETWORK, ...SCRIPTING, ...OUTPUT, ...INPUT, ...WHOLE_BROWSER };

interface Scene {
  site: Site;
  launch: Launch;
  service: Service;
}

const test = suite<Scene>('clients/puppeteer');

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
  assert.equal(unknownChecks('puppeteer', CHECKS), []);
});

for (const [name, check] of Object.entries(CHECKS)) {
  test(name, async ({ site, launch, service }) => {
    const use = async (browser: Browser): Promise<void> => {
      try {
        await check({ browser, site, origin: site.origin });
      } finally {
        await browser.close();
      }
    };
    await both({
      client: 'puppeteer',
      check: name,
      async direct() {
        const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
        const browser = await puppeteer.launch({ ...launch, args, headless: 'shell', timeout: WAIT_MS });
        // When Puppeteer disconnects, it lets go of the browser that it has launched.
        const child = browser.process();
        await use(browser).finally(() => child?.kill('SIGKILL'));
      },
      served: async () => await use(await puppeteer.connect({ browserWSEndpoint: service.endpoint })),
    });
  });
}

test('the server is at rest, and its own jobs have all succeeded', async ({ service }) => {
  await service.checkRest();
});

test.run();
