/** What a client of Puppeteer does with a browser, or a context, that it has just been given. */
import type { Browser, BrowserContext, Page } from 'puppeteer';

const VIEWPORT = { width: 800, height: 600 };
const CAPTURE_ATTEMPTS = 5;
/** Resolves when a frame has been drawn. */
const NEXT_FRAME = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))';

/** Resolves with the picture's bytes. */
export async function shoot(browser: Pick<Browser | BrowserContext, 'newPage'>, pageUrl: string): Promise<number> {
  const page = await browser.newPage();
  await page.setViewport(VIEWPORT);
  await page.goto(pageUrl);
  return (await capture(page)).length;
}

/** A bare Chromium refuses while a page has not drawn yet, now and then on a busy machine; then it is asked again. */
async function capture(page: Page): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await page.screenshot({ optimizeForSpeed: true });
    } catch (error) {
      if (attempt === CAPTURE_ATTEMPTS) throw error;
      await page.evaluate(NEXT_FRAME);
    }
  }
}
