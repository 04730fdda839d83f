/**
 * What a client of Puppeteer does with a browser that it has just got.
 */
import type { Browser } from 'puppeteer';

const VIEWPORT = { width: 800, height: 600 };

/** Resolves with the picture's bytes. */
export async function shoot(browser: Browser, pageUrl: string): Promise<number> {
  const page = await browser.newPage();
  await page.setViewport(VIEWPORT);
  await page.goto(pageUrl);
  return (await page.screenshot({ optimizeForSpeed: true })).length;
}
