/**
 * What the live page says at a glance, in a real browser and of a real server: whether sessions end well, and why not,
 * in a tab that is not looked at too; and which server it is.
 */

import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { openBrowser, openTab, withTab } from './browser.js';
import { ready, start } from './server.js';

const test = suite('end-to-end/page-health');
/** A period that does not end while the tests look: one a day. */
const DAY_MS = '86400000';
const WAIT_MS = 20_000;
let browser: Browser;

test.before(async () => {
  browser = await openBrowser();
});

test.after(async () => {
  await browser.close();
});

async function status(page: Page, text: string): Promise<void> {
  await until(async () => (await page.locator('#status').textContent()) === text, WAIT_MS, `the status ${text}`);
}

test('says that sessions fail, and why, in the title and the icon of the tab too, and which server it is', async () => {
  const failing = await start({ CONCURRENT: '2', METRICS_PERIOD_MS: DAY_MS, METRICS_PERIODS: '14' });
  try {
    await ready(failing);
    await withTab(openTab(browser, failing.url), async (page, tab) => {
      await status(page, 'Live');
      const { host, headcount } = JSON.parse(await (await failing.get('/meta')).text());
      await page.getByText(`${host} · headcount ${headcount} · up 0 min`).waitFor();
      await page.getByText('No session has ended since').waitFor();
      await until(
        async () => (await page.title()) === `${host} · headcount`,
        WAIT_MS,
        'the title of a server that is well',
      );
      assert.is((await failing.post('/content', { html: 'x' })).status, 200);
      for (let i = 0; i < 3; i++) {
        await (await failing.post('/content', { html: 'x', waitForSelector: { selector: ':::' } })).arrayBuffer();
      }
      await page.getByText(/^3 of 4 sessions failed since \d\d:\d\d \(75 %\): 3 bad_request$/).waitFor();
      await status(page, 'Live, but sessions fail');
      assert.is(await page.title(), `75 % failed · ${host} · headcount`);
      assert.is(await page.locator('#icon').getAttribute('href'), 'page/icon-bad.svg');
      assert.is((await failing.get('/page/icon-bad.svg')).status, 200);
      assert.equal(tab.problems(), []);
    });
  } finally {
    await failing.stop();
  }
});

test.run();
