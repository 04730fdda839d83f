/**
 * The rival that does the least: a fresh context with a page, load, screenshot, disposal, over a pipe to the same
 * binary with the same flags. A process of its own, started by `rival.ts`.
 */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cdp, launchBare } from './cdp.js';
import { startExits } from './exits.js';
import { type Kind, readSetup, serveBatches } from './rival.js';

const CAPTURE_ATTEMPTS = 5;

const { chromiumPath, chromiumEnv, flags, slots, hasExits } = readSetup();
const exits = hasExits ? startExits() : null;
const profileDir = mkdtempSync(join(tmpdir(), 'bare-cdp-'));
const cdp = launchBare(chromiumPath, [...flags, `--user-data-dir=${profileDir}`], { ...process.env, ...chromiumEnv });
// After this first answer, the browser takes orders.
await cdp.send('Browser.getVersion');

serveBatches(
  slots,
  async ({ kind, pageUrl }, gotProduct, ended) => {
    const exit = await exits?.open();
    const way = exit ? { proxyServer: exit.server, proxyBypassList: '<-loopback>' } : {};
    const { browserContextId } = await cdp.send('Target.createBrowserContext', way);
    const target = { url: 'about:blank', browserContextId, width: 800, height: 600 };
    const { targetId } = await cdp.send('Target.createTarget', target);
    const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: true });
    if (typeof sessionId !== 'string') throw new Error('no session');
    await cdp.send('Page.enable', {}, sessionId);
    ended('context');
    const loaded = cdp.once('Page.loadEventFired', sessionId);
    await cdp.send('Page.navigate', { url: pageUrl }, sessionId);
    await loaded;
    ended('navigate');
    gotProduct((await PRODUCE[kind](cdp, sessionId)).length);
    ended('run');
    await cdp.send('Target.disposeBrowserContext', { browserContextId });
    exit?.close();
    ended('close');
  },
  () => void end(),
);

type Produce = (browser: Cdp, sessionId: string) => Promise<Buffer>;

const PRODUCE: Readonly<Record<Kind, Produce>> = {
  screenshot: async (browser, sessionId) => Buffer.from(await capture(browser, sessionId), 'base64'),
  async pdf(browser, sessionId) {
    const { data } = await browser.send('Page.printToPDF', {}, sessionId);
    return Buffer.from(String(data), 'base64');
  },
  async content(browser, sessionId) {
    const wanted = { expression: 'document.documentElement.outerHTML', returnByValue: true };
    return Buffer.from(JSON.stringify(await browser.send('Runtime.evaluate', wanted, sessionId)));
  },
};

/** Resolves when a frame has been drawn. */
const NEXT_FRAME = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))';

/** Now and then, on a busy machine, Chromium refuses while a page has not drawn yet. Then it is asked again. */
async function capture(browser: Cdp, sessionId: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { data } = await browser.send(
        'Page.captureScreenshot',
        { format: 'png', optimizeForSpeed: true },
        sessionId,
      );
      return String(data);
    } catch (error) {
      if (attempt === CAPTURE_ATTEMPTS) throw error;
      await browser.send('Runtime.evaluate', { expression: NEXT_FRAME, awaitPromise: true }, sessionId);
    }
  }
}

async function end(): Promise<void> {
  const exited = once(cdp.child, 'exit');
  await cdp.send('Browser.close').catch(() => {});
  await exited;
  rmSync(profileDir, { recursive: true, force: true, maxRetries: 10 });
  process.exit(0);
}
