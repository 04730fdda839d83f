/**
 * A week on the live page, in a real browser: the charts are drawn from no more rows than they have room for, as the
 * server merges them, and from those of the periods when they are near enough to be seen.
 */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { freshSeed, seededRandom } from '../seeded-random.js';
import { makeTempDir } from '../temp-dir.js';
import { openBrowser, openTab, withTab } from './browser.js';
import { type Server, start } from './server.js';

const test = suite('end-to-end/page-steps');
const PERIOD_MS = 300_000;
/** Of a week, but for a day in which there was no server. */
const GAP = { from: 600, to: 888 };
const PERIODS = 2016;
const WAIT_MS = 20_000;
const seed = freshSeed();
let folder: string;
let browser: Browser;
let server: Server;

test.before(async () => {
  folder = makeTempDir('page-steps');
  const path = join(folder, 'metrics.json');
  writeFileSync(path, weekOfBrowserless());
  server = await start({ WORKERS: '1', CHROMIUM_PATH: '/nowhere' }, undefined, path);
  browser = await openBrowser();
});

test.after(async () => {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The file that a browserless would have left, of now. */
function weekOfBrowserless(): string {
  const random = seededRandom(seed);
  const now = Math.floor(Date.now() / PERIOD_MS) * PERIOD_MS;
  const rows = Array.from({ length: PERIODS - 2 }, (_, i) => {
    const times = Array.from({ length: 8 }, () => Math.ceil(200 / (1 - random() * 0.99)));
    const date = now - (PERIODS - 2 - i) * PERIOD_MS + 700;
    return {
      date,
      successful: 7,
      error: 1,
      timedout: 0,
      queued: 0,
      rejected: 0,
      maxConcurrent: 3,
      sessionTimes: times,
    };
  });
  return JSON.stringify(rows.filter((_row, i) => i < GAP.from || i >= GAP.to));
}

test(`a week is drawn in steps that can be seen, an hour in periods (seed ${seed})`, async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    const steps = page.locator('#steps');
    const isInSteps = async () =>
      /^Steps are of \d+ (min|h), counts means per 5 min\.$/.test((await steps.textContent()) ?? '');
    const plot = page.locator('.u-over:visible').first();
    await plot.waitFor();
    const answer = page.waitForResponse((response) => response.url().includes('points='));
    await page.getByRole('button', { name: 'Week' }).click();
    const response = await answer;
    const most = Number(new URL(response.url()).searchParams.get('points'));
    const width = await page.evaluate<number>(`document.querySelector('.plot').clientWidth`);
    assert.is(most, Math.floor(width / 3));
    const merged: { date: number; until: number; periods: number; successful: number }[] = JSON.parse(
      await response.text(),
    );
    assert.ok(merged.length <= most && merged.length > most / 3, `${merged.length} rows for ${most}`);
    assert.ok(
      merged.every(({ date, until: end, periods }) => end - date === periods * PERIOD_MS),
      'none over the gap',
    );
    await until(isInSteps, WAIT_MS, 'the week in steps');
    const ended = page.getByRole('img', { name: /per 5 min\. Ended well: at most 7, at last/ });
    await until(async () => (await ended.count()) === 1, WAIT_MS, 'counts that are those of a period');
    // The last step is of a period that goes on.
    const again = await page.waitForResponse((later) => later.url().includes('points='), { timeout: 2 * WAIT_MS });
    assert.ok(untilOf(again.url()) > untilOf(response.url()));
    assert.ok(await isInSteps());
    await page.getByText('The rows in view as a table').click();
    await page.getByText(/^The latest 300 of 1,7\d\d periods, latest first$/).waitFor();

    await page.getByRole('button', { name: 'Hour', exact: true }).click();
    await page.getByText(/^1[23] periods, latest first$/).waitFor();
    assert.not.ok(await isInSteps());
    assert.equal(tab.problems(), []);
  });
});

function untilOf(url: string): number {
  return Number(new URL(url).searchParams.get('until'));
}

test.run();
