/**
 * What the live page shows of a server that has nothing to show, in a real browser: no tables of nothing, and a first
 * request to copy, which works; and that it goes once there has been a session.
 */

import { execFile } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { makeTempDir } from '../temp-dir.js';
import { openBrowser, openTab, withTab } from './browser.js';
import { ready, start } from './server.js';

const test = suite('end-to-end/page-empty');
const run = promisify(execFile);
const WAIT_MS = 20_000;
let browser: Browser;

test.before(async () => {
  browser = await openBrowser();
});

test.after(async () => {
  await browser.close();
});

async function pasted(page: Page): Promise<string> {
  await page.evaluate(`document.querySelector('main').append(document.createElement('textarea'))`);
  const field = page.locator('textarea');
  await field.focus();
  await page.keyboard.press('Control+V');
  const text = await field.inputValue();
  await page.evaluate(`document.querySelector('textarea').remove()`);
  return text;
}

test('a fresh server has a first request to copy, which works, and no tables of nothing', async () => {
  const fresh = await start();
  const folder = makeTempDir('page-empty');
  try {
    await ready(fresh);
    await withTab(openTab(browser, fresh.url), async (page, tab) => {
      const first = page.getByRole('region', { name: 'No session yet. The first one:' });
      await first.waitFor();
      const snapshot = await page.locator('body').ariaSnapshot();
      for (const text of ['Nothing runs.', 'No session has ended.', 'Nothing to draw yet: Requests by outcome;']) {
        assert.ok(snapshot.includes(text), `${text} in ${snapshot}`);
      }
      // That of the workers, which there are.
      assert.is(snapshot.match(/- table/g)?.length, 1, snapshot);
      assert.is(await page.getByRole('img').count(), 1);

      await page.getByRole('button', { name: 'Copy' }).focus();
      await page.keyboard.press('Enter');
      await first.getByText('Copied.').waitFor();
      const command = await pasted(page);
      assert.match(command, `curl -X POST '${fresh.url}/screenshot'`);
      await run('sh', ['-c', command], { cwd: folder, timeout: WAIT_MS });
      assert.ok(statSync(join(folder, 'first.png')).size > 1_000);
      await first.waitFor({ state: 'hidden' });
      await page.getByText('1 of 1 sessions ended well').waitFor();
      await until(async () => (await page.getByRole('img').count()) > 2, WAIT_MS, 'charts that have something to show');
      assert.equal(tab.problems(), []);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await fresh.stop();
  }
});

test('the first request names the token, does not tell it, and is copied where there is no clipboard', async () => {
  const guarded = await start({ WORKERS: '1', CHROMIUM_PATH: '/nowhere', TOKEN: 'milk-and-honey' });
  try {
    await withTab(openTab(browser, guarded.url), async (page, tab) => {
      // As on a page that was not loaded over TLS.
      await page.evaluate(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`);
      await page.getByLabel('Token').fill('milk-and-honey');
      await page.getByRole('button', { name: 'Show the numbers' }).click();
      await page.getByRole('button', { name: 'Copy' }).click();
      await page.getByText('Copied.').waitFor();
      const command = await pasted(page);
      assert.match(command, `-H 'Authorization: Bearer <token>'`);
      const socket = `${guarded.url.replace('http', 'ws')}/?token=<token>`;
      await page.getByText(socket).waitFor();
      assert.not.match((await page.locator('body').textContent()) ?? '', 'honey');

      // Where not even that is allowed, it is ready to be copied by hand.
      await page.evaluate(`document.execCommand = () => false`);
      await page.getByRole('button', { name: 'Copy' }).press('Enter');
      await page.getByText('It is selected now: copy it with Ctrl+C, or ⌘C.').waitFor();
      assert.is(await page.evaluate('String(getSelection())'), command);
      assert.equal(tab.problems(), []);
    });
  } finally {
    await guarded.stop();
  }
});

test.run();
