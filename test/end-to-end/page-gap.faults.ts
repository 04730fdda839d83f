/**
 * An outage on the live page, in a real browser, by the pixels of the chart: nothing is drawn within the gap, nor at
 * its end, on any screen.
 */

import { rmSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openBrowser, openTab, withTab } from './browser.js';
import { HOUR_MS, lastHour, PERIOD_MS, pastRow, writePast } from './past.js';
import { type Server, start } from './server.js';

const test = suite('end-to-end/page-gap');
/** Between the hours, at which there are lines of the grid. */
const GAP = { fromMs: lastHour() - 3.5 * HOUR_MS, toMs: lastHour() - 1.5 * HOUR_MS };
/** Of the CPU, in parts of 1. */
const LEVELS = { before: 0.1, after: 0.7 };
let folder: string;
let browser: Browser;
let server: Server;

test.before(async () => {
  const past = writePast(rows());
  folder = past.folder;
  server = await start({ WORKERS: '1', CHROMIUM_PATH: '/nowhere' }, undefined, past.path);
  browser = await openBrowser();
});

test.after(async () => {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Of the last hours, up to the latest. */
function rows() {
  const fromMs = lastHour() - 10 * HOUR_MS;
  return Array.from({ length: 120 }, (_, i) => fromMs + i * PERIOD_MS)
    .filter((date) => date < GAP.fromMs || date >= GAP.toMs)
    .map((date) => pastRow(date, { cpu: date < GAP.fromMs ? LEVELS.before : LEVELS.after }));
}

/** How many pixels of the CPU's chart are drawn on, 4 px before and after a moment, between two levels. */
async function drawnAround(page: Page, atMs: number, low: number, high: number): Promise<number> {
  return await page.evaluate<number>(`(() => {
    const over = [...document.querySelectorAll('.u-over')].at(-1);
    const canvas = over.closest('.uplot').querySelector('canvas');
    const range = document.getElementById('range').dataset;
    const [box, all] = [over.getBoundingClientRect(), canvas.getBoundingClientRect()];
    const dpr = canvas.width / all.width;
    const x = box.left - all.left + (${atMs} - range.fromMs) / (range.toMs - range.fromMs) * box.width;
    const yOf = (level) => box.top - all.top + (1 - level) * box.height;
    const area = [x - 4, yOf(${high}) + 3, 8, yOf(${low}) - yOf(${high}) - 6].map((px) => Math.round(px * dpr));
    const { data } = canvas.getContext('2d').getImageData(...area);
    return data.filter((alpha, index) => index % 4 === 3 && alpha > 0).length;
  })()`);
}

for (const deviceScaleFactor of [1, 1.25, 1.5, 2, 3]) {
  test(`no line joins what was before an outage with what is after it, at ${deviceScaleFactor} px a px`, async () => {
    await withTab(openTab(browser, server.url, { deviceScaleFactor }), async (page, tab) => {
      await page.locator('.u-over:visible').last().waitFor();
      await page.getByRole('button', { name: '6 hours' }).click();
      const { before, after } = LEVELS;
      for (const atMs of [GAP.fromMs, (GAP.fromMs + GAP.toMs) / 2, GAP.toMs]) {
        // Half way up there is a line of the grid.
        assert.is(await drawnAround(page, atMs, before, 0.5), 0, `below the middle, ${new Date(atMs)}`);
        assert.is(await drawnAround(page, atMs, 0.5, after), 0, `above the middle, ${new Date(atMs)}`);
      }
      // The lines are where they are looked for.
      const periodMs = PERIOD_MS * 3;
      assert.ok((await drawnAround(page, GAP.fromMs - periodMs, before - 0.08, before + 0.08)) > 0);
      assert.ok((await drawnAround(page, GAP.toMs + periodMs, after - 0.08, after + 0.08)) > 0);
      assert.equal(tab.problems(/willReadFrequently/), []);
    });
  });
}

test.run();
