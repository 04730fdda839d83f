/**
 * The rival that users would write: playwright-core, launched by itself, a context for each picture. A process of its
 * own, started by `rival.ts`.
 */

import { chromium } from 'playwright-core';
import { readSetup, serveBatches } from './rival.js';

const { chromiumPath, chromiumEnv, pageUrl } = readSetup();
const browser = await chromium.launch({
  executablePath: chromiumPath,
  env: { ...process.env, ...chromiumEnv },
  chromiumSandbox: process.getuid?.() !== 0,
  handleSIGTERM: false,
});

serveBatches(
  async (gotPicture) => {
    const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
    const page = await context.newPage();
    await page.goto(pageUrl);
    gotPicture(await page.screenshot());
    await context.close();
  },
  () => void browser.close().finally(() => process.exit(0)),
);
