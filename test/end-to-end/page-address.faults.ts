/**
 * What is in view of the live page's charts is in the page's address, in a real browser: back and forward, a reload and
 * somebody else with that address come to the same.
 */

import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { openBrowser, openTab, rangeOf, withTab } from './browser.js';
import { type Server, start } from './server.js';

const test = suite('end-to-end/page-address');
const WAIT_MS = 20_000;
const HOUR_MS = 3_600_000;
let browser: Browser;
let server: Server;

test.before(async () => {
  server = await start({ WORKERS: '1', CHROMIUM_PATH: '/nowhere' });
  browser = await openBrowser();
});

test.after(async () => {
  await browser.close();
  await server.stop();
});

async function spans(page: Page, hours: number): Promise<void> {
  const isSo = async () => {
    const { spanMs } = await rangeOf(page);
    return spanMs === hours * HOUR_MS;
  };
  await until(isSo, WAIT_MS, `a view of ${hours} h`);
}

async function hash(page: Page): Promise<string> {
  return await page.evaluate<string>('location.hash');
}

test('the view goes back and forward, over a reload, and to others', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    await spans(page, 1);
    assert.is(await hash(page), '', 'nothing is said of what is shown anyway');
    await page.getByRole('button', { name: '6 hours' }).click();
    await page.getByRole('button', { name: 'Day' }).click();
    assert.is(await hash(page), '#last=1d');
    await page.getByRole('button', { name: 'Earlier' }).click();
    const earlier = await rangeOf(page);
    const address = page.url();
    assert.match(address, /#from=20\d\d-\d\d-\d\dT[\d:]+Z&to=20\d\d-\d\d-\d\dT[\d:]+Z$/);
    await page.goBack();
    await spans(page, 24);
    await page.goBack();
    await spans(page, 6);
    await page.goBack();
    await spans(page, 1);
    await page.goForward();
    await spans(page, 6);
    await page.reload();
    await spans(page, 6);
    assert.ok(await page.getByRole('button', { name: '6 hours', pressed: true }).isVisible());

    await withTab(openTab(browser, address), async (other) => {
      await spans(other, 24);
      const { fromMs } = await rangeOf(other);
      assert.ok(Math.abs(fromMs - earlier.fromMs) <= 1_000);
    });
    assert.equal(tab.problems(), []);
  });
});

test('a key that is held down is one step back', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    await spans(page, 1);
    await page.getByRole('region', { name: 'Charts' }).focus();
    for (let i = 0; i < 3; i++) await page.keyboard.down('-');
    await page.keyboard.up('-');
    await spans(page, 8);
    await page.goBack();
    await spans(page, 1);
    assert.equal(tab.problems(), []);
  });
});

test('an address that makes no sense is as if there were none, and the skip link changes nothing', async () => {
  await withTab(openTab(browser, `${server.url}/#last=<b>7`), async (page, tab) => {
    await spans(page, 1);
    await page.getByRole('button', { name: 'Week' }).click();
    await spans(page, 168);
    await page.getByRole('link', { name: 'Skip to the numbers' }).press('Enter');
    assert.is(await hash(page), '#main');
    await spans(page, 168);
    assert.equal(tab.problems(), []);
  });
});

test.run();
