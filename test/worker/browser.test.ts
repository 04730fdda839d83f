/**
 * Playwright is attached to a browser when it is first needed, in the middle of other sessions. With a real browser.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BrowserProcess } from '../../src/browsers/spawn.js';
import { type Attachment, attachBrowser, isTimeout } from '../../src/worker/browser.js';
import { startChromium } from '../browsers/started.js';
import { deadline } from '../deadline.js';

interface Scene {
  folder: string;
  browser: BrowserProcess;
  attachment: Attachment;
  /** What it has said of loading code. */
  loading: boolean[];
}

const test = suite<Scene>('worker/browser');
const WAIT_MS = 20_000;
const SIZE = { width: 800, height: 600, proxyServer: null };

test.before((scene) => {
  scene.folder = mkdtempSync(join(tmpdir(), 'headcount-test-browser-'));
});
test.before.each(async (scene) => {
  scene.loading = [];
  scene.browser = await startChromium(scene.folder);
  const { pid, readPath, writePath, artifactsDir, homeDir } = scene.browser;
  const endpoint = { generation: 1, pid, readPath, writePath, artifactsDir, homeDir };
  const attaching = attachBrowser(
    endpoint,
    () => {},
    (isLoading) => scene.loading.push(isLoading),
  );
  scene.attachment = await deadline(attaching, WAIT_MS, 'attaching');
  scene.browser.releaseEnds();
});
test.after.each(async ({ browser }) => {
  browser.kill('shutdown');
  await browser.exited;
});
test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

/** Whether the code of Playwright is in this process. */
function isLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/playwright-core/lib/'));
}

test('its code is loaded when it is first needed, and it hears of its own contexts only', async ({
  attachment,
  loading,
}) => {
  const { connection, playwright } = attachment;
  const tab = await deadline(connection.openTab(SIZE), WAIT_MS, 'a tab');
  const evaluate = async (expression: string): Promise<unknown> =>
    (await deadline(tab.cdp.send('Runtime.evaluate', { expression }), WAIT_MS, expression)).result.value;
  assert.is(await evaluate('globalThis.mine = 1'), 1);
  assert.not(isLoaded(), 'a tab does without');
  assert.equal(loading, []);
  const [browser, same] = await deadline(Promise.all([playwright(), playwright()]), WAIT_MS, 'Playwright');
  assert.ok(isLoaded());
  assert.is(browser, same, 'it is attached once, however many ask');
  assert.equal(loading, [true, false]);
  const pages = (): number => browser.contexts().reduce((sum, context) => sum + context.pages().length, 0);
  assert.is(pages(), 0, 'the tab is not its own');
  const page = await deadline(browser.newPage(), WAIT_MS, 'a page of its own');
  assert.is(await deadline(page.evaluate('6 * 7'), WAIT_MS, 'its answer'), 42);
  const late = await deadline(connection.openTab(SIZE), WAIT_MS, 'a tab after it');
  assert.is(pages(), 1);
  await deadline(page.context().close(), WAIT_MS, 'the end of its page');
  assert.is(await evaluate('globalThis.mine + 1'), 2, 'the tab has felt nothing');
  for (const one of [tab, late]) await deadline(one.close(), WAIT_MS, 'the end of a tab');
  const { calls, contexts, sessions } = connection.census();
  assert.equal([calls, contexts, sessions], [0, 0, 0]);
});

test('what Playwright gives up is told from other errors by its name', async ({ attachment }) => {
  const browser = await deadline(attachment.playwright(), WAIT_MS, 'Playwright');
  const page = await deadline(browser.newPage(), WAIT_MS, 'a page');
  const givenUp = await deadline(
    page.waitForSelector('#none', { timeout: 1 }).catch((error: unknown) => error),
    WAIT_MS,
    'giving up',
  );
  assert.ok(isTimeout(givenUp));
  assert.not(isTimeout(new Error('Timeout 1ms exceeded')));
});

test('who needs Playwright when the browser has gone is told so', async ({ attachment, browser }) => {
  browser.kill('killed');
  await deadline(new Promise<void>((resolve) => attachment.connection.lost.on(resolve)), WAIT_MS, 'the loss');
  const told = attachment.playwright().then(() => 'attached', String);
  assert.match(await deadline(told, WAIT_MS, 'why not'), /closed|gone/i);
});

test.run();
