/**
 * Whose figures the live page shows beside its charts, in a real browser: those of the period under the pointer, or of
 * all that is in view; and never those of today beside the charts of another day.
 */

import { rmSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clock, dayAndClock } from '../../src/page/format.js';
import { until } from '../deadline.js';
import { figuresOf, openBrowser, openTab, rangeOf, withTab } from './browser.js';
import { HOUR_MS, lastHour, PERIOD_MS, pastRow, writePast } from './past.js';
import { type Server, start } from './server.js';

const test = suite('end-to-end/page-pointer');
const WAIT_MS = 20_000;
/** Periods, the last of which ends two hours ago. Each has one session more than the one before. */
const PERIODS = 144;
const FROM_MS = lastHour() - 2 * HOUR_MS - PERIODS * PERIOD_MS;
let folder: string;
let browser: Browser;
let server: Server;

test.before(async () => {
  const rows = Array.from({ length: PERIODS }, (_, i) => {
    const sessionTimes = Array.from({ length: i + 1 }, () => 100);
    return pastRow(FROM_MS + i * PERIOD_MS, { successful: i, error: 1, cpu: 0.5, sessionTimes });
  });
  const past = writePast(rows);
  folder = past.folder;
  server = await start({ WORKERS: '1', CHROMIUM_PATH: '/nowhere' }, undefined, past.path);
  browser = await openBrowser();
});

test.after(async () => {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** `wanted` is asked for each time, because what is in view goes on with each period. */
async function legend(page: Page, wanted: string | (() => Promise<string>)): Promise<void> {
  const caption = page.locator('figcaption').first();
  let seen = '';
  let text = '';
  const isThere = async () => {
    text = typeof wanted === 'string' ? wanted : await wanted();
    seen = await caption.innerText();
    // What is between a name and its value is a margin.
    return seen.replace(/\s/g, '') === `Requests by outcome, per 5 min ${text}`.replace(/\s/g, '');
  };
  await until(isThere, WAIT_MS, 'the legend').catch((error) => {
    throw new Error(`it is ${seen}, and should be ${text}`, { cause: error });
  });
}

/** `within` the period, in parts of it. */
async function pointAt(page: Page, index: number, within = 0.5): Promise<void> {
  const box = await page.locator('.u-over:visible').first().boundingBox();
  const { fromMs, spanMs } = await rangeOf(page);
  assert.ok(box && spanMs > 0);
  const atMs = FROM_MS + (index + within) * PERIOD_MS;
  const share = (atMs - fromMs) / spanMs;
  await page.mouse.move(box.x + share * box.width, box.y + box.height / 2);
}

test('the period under the pointer, else all that is in view', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    await page.locator('.u-over:visible').first().waitFor();
    await page.getByRole('button', { name: '6 hours' }).click();
    await page.locator('.u-over:visible').first().scrollIntoViewIfNeeded();
    const inView = async (): Promise<string> => {
      const { successful: ended = 0, error: failed = 0 }: Record<string, number> = JSON.parse(
        await (await server.get(`/metrics/all?sessionTimes=false&since=${await viewSince(page)}`)).text(),
      );
      assert.ok(ended > 1_000 && failed > 10);
      return `all in view Ended well ${ended.toLocaleString('en')} Never ran 0 Failed, timed out ${failed}`;
    };
    await legend(page, inView);

    await pointAt(page, 120);
    const at = FROM_MS + 120 * PERIOD_MS;
    await legend(page, `${dayAndClock(at)} Ended well 120 Never ran 0 Failed, timed out 1`);
    const pointed = await figuresOf(page, 'period-');
    assert.equal([pointed['successful'], pointed['error'], pointed['totalTime']], [120, 1, 12_100]);
    assert.ok(
      await page
        .getByRole('columnheader', { name: dayAndClock(at) })
        .first()
        .isVisible(),
    );

    for (const within of [0.1, 0.9]) {
      await pointAt(page, 121, within);
      await legend(page, `${dayAndClock(at + PERIOD_MS)} Ended well 121 Never ran 0 Failed, timed out 1`);
    }

    // Where no server was up.
    await pointAt(page, PERIODS + 3);
    const gapAt = dayAndClock(FROM_MS + (PERIODS + 3) * PERIOD_MS);
    await legend(page, `${gapAt} Ended well – Never ran – Failed, timed out –`);
    assert.is(await page.locator('#period-successful').textContent(), '–');

    await page.mouse.move(5, 5);
    await legend(page, inView);
    assert.equal(tab.problems(), []);
  });
});

test('nothing of now beside the charts of another time', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    await page.locator('.u-over:visible').first().waitFor();
    const hasNow = async (): Promise<boolean> => {
      const [live] = JSON.parse(await (await server.get('/metrics?last=1&sessionTimes=false')).text());
      const now = page.getByRole('columnheader', { name: `Since ${clock(live.date)}` });
      return (await now.count()) > 0 && (await now.first().isVisible());
    };
    await until(hasNow, WAIT_MS, 'the figures of now');
    await page.getByRole('button', { name: '6 hours' }).click();
    await page.getByRole('button', { name: 'Earlier' }).click();
    await page
      .getByRole('columnheader', { name: /^Since \d/ })
      .first()
      .waitFor({ state: 'detached' });
    await page.getByRole('columnheader', { name: 'Pointed at' }).first().waitFor();
    assert.is(await page.locator('#period-successful').textContent(), '–');
    await page.reload();
    await page.getByRole('columnheader', { name: 'Pointed at' }).first().waitFor();
    await page.getByRole('button', { name: 'Reset' }).click();
    await until(hasNow, WAIT_MS, 'the figures of now again');
    assert.equal(tab.problems(), []);
  });
});

async function viewSince(page: Page): Promise<number> {
  const { fromMs } = await rangeOf(page);
  return Math.floor(fromMs / PERIOD_MS) * PERIOD_MS;
}

test('nothing before the history begins', async () => {
  await withTab(openTab(browser, `${server.url}/#last=1d`), async (page, tab) => {
    await page.locator('.u-over:visible').first().waitFor();
    await page.locator('.u-over:visible').first().scrollIntoViewIfNeeded();
    await pointAt(page, -20);
    await legend(page, `${dayAndClock(FROM_MS - 20 * PERIOD_MS)} Ended well – Never ran – Failed, timed out –`);
    assert.equal(tab.problems(), []);
  });
});

test.run();
