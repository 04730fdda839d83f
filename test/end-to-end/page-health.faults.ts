/**
 * What the live page says at a glance, in a real browser and of a real server: whether sessions end well, and why not,
 * in a tab that is not looked at too; and which server it is.
 */

import { type Browser, chromium, type Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { startPages } from '../fixtures/pages.js';
import { figuresOf, openBrowser, openTab, withTab } from './browser.js';
import { ready, start } from './server.js';

const test = suite('end-to-end/page-health');
/** A period that does not end while the tests look: one a day. */
const DAY_MS = '86400000';
const WAIT_MS = 20_000;
/** Longer than what ends it may take. */
const SLOW = { html: 'x', waitForTimeout: 25_000 };
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
      await page.getByText('No session has ended since the server started').waitFor();
      await until(
        async () => (await page.title()) === `${host} · headcount`,
        WAIT_MS,
        'the title of a server that is well',
      );
      assert.is((await failing.post('/content', { html: 'x' })).status, 200);
      for (let i = 0; i < 3; i++) {
        await (await failing.post('/content', { html: 'x', waitForSelector: { selector: ':::' } })).arrayBuffer();
      }
      await page.getByText('3 of 4 sessions failed since the server started (75 %): 3 bad_request').waitFor();
      await page.getByText('75 % of 4 in 5 min').waitFor();
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

test('sessions that an operator ends are told apart, and make nothing red', async () => {
  const calm = await start({ CONCURRENT: '4' });
  try {
    await ready(calm);
    await withTab(openTab(browser, calm.url), async (page, tab) => {
      await status(page, 'Live');
      const ended = ['a', 'b', 'c'].map((id) => calm.post(`/content?trackingId=${id}`, SLOW));
      await page.getByText('Sessions: 3 running').waitFor();
      assert.is((await calm.get('/kill/all')).status, 204);
      for (const one of await Promise.all(ended)) assert.match(await one.text(), 'SESSION_KILLED');
      await page.getByText('No session has ended since the server started. 3 were ended by an operator').waitFor();
      // Known at once to a page that was not there.
      await withTab(openTab(browser, calm.url), async (later) => {
        await later.getByText('3 were ended by an operator').waitFor();
        await until(async () => Number((await figuresOf(later, 'now-'))['rate']) > 0, WAIT_MS, 'the rate');
        await status(later, 'Live');
      });
      assert.is(await page.locator('#icon').getAttribute('href'), 'page/icon.svg');
      assert.equal(tab.problems(), []);
    });
  } finally {
    await calm.stop();
  }
});

test('clients over WebSocket are there beside the others, with the hosts of their pages, and counted', async () => {
  const shared = await start({ CONCURRENT: '4' });
  const pages = await startPages();
  try {
    await ready(shared);
    await withTab(openTab(browser, shared.url), async (page, tab) => {
      await status(page, 'Live');
      const client = await chromium.connectOverCDP(shared.url.replace('http', 'ws'));
      const opened = await (await client.newContext()).newPage();
      await opened.goto(pages.url('/'));
      await page.getByRole('heading', { name: 'Sessions: 1 running (1 over WebSocket), 0 waiting' }).waitFor();
      const row = page.getByRole('row').filter({ hasText: new URL(pages.url('/')).host });
      await row.waitFor();
      assert.match((await row.textContent()) ?? '', 'cdp');
      await until(
        async () => /\d s|\d ms/.test((await row.getByRole('cell').nth(1).textContent()) ?? ''),
        WAIT_MS,
        'idle',
      );
      await client.close();
      await page.getByText('Nothing runs.').waitFor();
      await page.getByRole('row', { name: 'cdp 1 0 0' }).waitFor();
      await page.getByText('1 of 1 sessions ended well').waitFor();
      assert.equal(tab.problems(), []);
    });
  } finally {
    await pages.close();
    await shared.stop();
  }
});

test('a browser that is lost is seen at once, with what it took along, and that it is back', async () => {
  const robbed = await start({ WORKERS: '1', CONCURRENT: '4' });
  try {
    await ready(robbed);
    await withTab(openTab(browser, robbed.url), async (page, tab) => {
      await status(page, 'Live');
      const lost = [1, 2, 3].map(() => robbed.post('/content', SLOW));
      await page.getByText('Sessions: 3 running').waitFor();
      const pid = page.getByRole('region', { name: 'Table of workers' }).getByRole('cell').last();
      process.kill(Number(await pid.textContent()), 'SIGKILL');
      for (const one of await Promise.all(lost)) assert.match(await one.text(), 'BROWSER_CRASHED');
      await page.getByText('3 of 3 sessions failed since the server started (100 %): 3 browser_crash').waitFor();
      await page
        .getByRole('row', { name: /browser_crash/ })
        .first()
        .waitFor();
      assert.match(await page.title(), /^100 % failed/);
      await status(page, 'Live, but sessions fail');
      assert.equal(tab.problems(), []);
    });
  } finally {
    await robbed.stop();
  }
});

test.run();
