/**
 * Who serves Puppeteer clients: our server, and a bare Chromium that all of them share, each in a context of its own.
 * The clients are in this process, so what they cost is nobody's.
 */

import puppeteer from 'puppeteer';
import { shoot } from './puppeteer-session.js';
import { type Rival, type RivalSetup, runBatch } from './rival.js';
import { startServerProcess } from './server.js';

const QUEUE = 64;

export async function startClients({ slots }: RivalSetup): Promise<Rival> {
  const { url, pid, stop } = await startServerProcess({ CONCURRENT: String(slots), QUEUE_LENGTH: String(QUEUE) });
  const browserWSEndpoint = url.replace('http', 'ws');
  return {
    pid,
    stop,
    run: (batch) =>
      runBatch(batch, async ({ pageUrl }, gotProduct) => {
        const browser = await puppeteer.connect({ browserWSEndpoint });
        try {
          gotProduct(await shoot(browser, pageUrl));
        } finally {
          await browser.close();
        }
      }),
  };
}

/** What clients cost a Chromium with nothing of ours between: what our server asks for beside that is its own. */
export async function startShared({ chromiumPath, chromiumEnv, flags }: RivalSetup): Promise<Rival> {
  const launched = await puppeteer.launch({
    executablePath: chromiumPath,
    env: { ...process.env, ...chromiumEnv },
    ignoreDefaultArgs: true,
    // The flags say that none is opened.
    waitForInitialPage: false,
    args: flags.filter((flag) => !flag.startsWith('--remote-debugging')).concat('--remote-debugging-port=0'),
  });
  const browserWSEndpoint = launched.wsEndpoint();
  const pid = launched.process()?.pid ?? 0;
  // It would be told of all that the others do.
  await launched.disconnect();
  return {
    pid,
    run: (batch) =>
      runBatch(batch, async ({ pageUrl }, gotProduct) => {
        const browser = await puppeteer.connect({ browserWSEndpoint });
        try {
          const context = await browser.createBrowserContext();
          gotProduct(await shoot(context, pageUrl));
          await context.close();
        } finally {
          await browser.disconnect();
        }
      }),
    stop: async () => await (await puppeteer.connect({ browserWSEndpoint })).close(),
  };
}
