/**
 * The rival that gives each client a browser of its own, as other services do for WebSocket clients. Puppeteer with its
 * own flags; the browser is launched for each session, or was launched ahead, and is closed after it. A process of its
 * own.
 */

import puppeteer, { type Browser } from 'puppeteer';
import { shoot } from './puppeteer-session.js';
import { readSetup, serveBatches } from './rival.js';

const { chromiumPath, chromiumEnv, slots, isLaunchedAhead = false } = readSetup();
const ahead: Promise<Browser>[] = [];

function launch(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: chromiumPath,
    env: { ...process.env, ...chromiumEnv },
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    handleSIGTERM: false,
  });
}

if (isLaunchedAhead) {
  for (let n = 0; n < slots; n++) ahead.push(launch());
  await Promise.all(ahead);
}

serveBatches(
  slots,
  async ({ pageUrl }, gotProduct) => {
    const browser = await (ahead.shift() ?? launch());
    try {
      gotProduct(await shoot(browser, pageUrl));
    } finally {
      await browser.close();
      if (isLaunchedAhead) ahead.push(launch());
    }
  },
  () => void Promise.all(ahead.map(async (browser) => (await browser).close())).finally(() => process.exit(0)),
);
