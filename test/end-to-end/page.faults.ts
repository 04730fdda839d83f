/**
 * The live page in a real browser: it says what the API says, under load too, zooms, ends sessions, comes back after a
 * restart, asks for the token once; and nothing is loaded from elsewhere or complained about on the console.
 */

import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { percent } from '../../src/page/format.js';
import { deadline, until } from '../deadline.js';
import { figuresOf, nextEvent, openBrowser, openTab, rangeOf, withTab } from './browser.js';
import { startRelay } from './relay.js';
import { atRest, ready, type Server, start } from './server.js';

const test = suite('end-to-end/page');
/** A period that does not end while the tests look: one a day. */
const DAY_MS = '86400000';
/** Starts and stops at once. */
const WITHOUT_BROWSER = { WORKERS: '1', CHROMIUM_PATH: '/nowhere' };
/** Longer than what ends it may take. */
const SLOW = { html: 'x', waitForTimeout: 25_000 };
const WAIT_MS = 20_000;
let browser: Browser;
let server: Server;

test.before(async () => {
  server = await start({ CONCURRENT: '3', METRICS_PERIOD_MS: DAY_MS, METRICS_PERIODS: '14' });
  browser = await openBrowser();
  await ready(server);
});

test.after(async () => {
  await browser.close();
  await server.stop();
});

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await (await server.get(path)).text());
}

async function liveRow(): Promise<Record<string, number>> {
  const [row] = await json<Record<string, number>[]>('/metrics?last=1&sessionTimes=false');
  return row ?? {};
}

async function runningCount(): Promise<number> {
  return (await json<unknown[]>('/sessions')).length;
}

async function status(page: Page, text: RegExp): Promise<void> {
  const isShown = async () => text.test((await page.locator('#status').textContent()) ?? '');
  await until(isShown, WAIT_MS, `the status ${text}`);
}

test('the numbers are those of the API, while sessions run and at rest', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    await status(page, /^Live/);
    let isLoading = true;
    const load = [0, 1].map(async () => {
      while (isLoading) await (await server.post('/content', { html: '<p>x' })).text();
    });
    const before = await liveRow();
    await nextEvent(page);
    const shown = await figuresOf(page, 'period-');
    const after = await liveRow();
    isLoading = false;
    await Promise.all(load);
    for (const name of ['successful', 'error', 'timedout', 'totalTime', 'units', 'queued', 'rejected']) {
      const [low = 0, high = 0, value = -1] = [before[name], after[name], shown[name]];
      assert.ok(low <= value && value <= high, `${name}: ${low} ≤ ${value} ≤ ${high}`);
    }
    assert.ok((shown['successful'] ?? 0) > 0);

    assert.is((await server.post('/content', { html: 'x', waitForSelector: { selector: ':::' } })).status, 400);
    assert.is((await server.post('/content?timeout=100', SLOW)).status, 408);
    await atRest(server);
    const row = await liveRow();
    const totals = await json<Record<string, number>>('/metrics/all?sessionTimes=false');
    assert.equal([row['error'], row['timedout']], [1, 1]);
    for (const [prefix, figures] of [['period-', row] as const, ['view-', totals] as const]) {
      const same = async () => {
        const now = await figuresOf(page, prefix);
        return Object.entries(now).every(([name, value]) => figures[name] === value) && Object.keys(now).length > 15;
      };
      await until(same, WAIT_MS, `${prefix} to be as the API has it`);
    }
    const { pressure } = await json<{ pressure: Record<string, number> }>('/pressure');
    const now = await figuresOf(page, 'now-');
    for (const name of ['running', 'queued']) assert.is(now[name], pressure[name], name);
    assert.equal(await page.locator('#workers tr').count(), 2);
    assert.equal(tab.problems(), []);
  });
});

test('the last failures are listed, with the reason, and only when there are any', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    const failures = page.getByRole('region', { name: 'Last failures' }).first();
    const [before] = await json<{ id: string }[]>('/failures?last=1');
    // Asked for by the page when it is there, and so a little later.
    await failures.waitFor({ state: before ? 'visible' : 'hidden' });
    const response = await server.post('/content', {
      html: 'x',
      waitForFunction: { fn: '() => { throw Error("out of milk") }' },
    });
    const id = response.headers.get('x-session-id') ?? '';
    await response.arrayBuffer();
    const row = failures.getByRole('row').filter({ hasText: id });
    await row.waitFor();
    assert.match((await row.textContent()) ?? '', /page_error.*out of milk.*content/);
    assert.equal(tab.problems(), []);
  });
});

test('sessions are listed, and end by their buttons, by mouse and by key', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    const first = server.post('/content?trackingId=first', SLOW);
    const second = server.post('/content?trackingId=second', SLOW);
    const third = server.post('/content?trackingId=third', SLOW);
    const rowWith = (trackingId: string) => page.getByRole('row').filter({ hasText: trackingId });
    await rowWith('third').waitFor();
    const [session] = await json<{ id: string }[]>('/sessions?trackingId=first');
    await page.getByRole('button', { name: `End session ${session?.id}`, exact: true }).click();
    assert.match(await (await deadline(first, WAIT_MS, 'the first session')).text(), 'SESSION_KILLED');
    await rowWith('first').waitFor({ state: 'detached' });

    await rowWith('second').getByRole('button').focus();
    // The rows are shown anew each second; the focus stays, and goes on when its row goes.
    await nextEvent(page);
    await page.keyboard.press('Enter');
    assert.is((await deadline(second, WAIT_MS, 'the second session')).status, 500);
    await rowWith('second').waitFor({ state: 'detached' });
    assert.ok(await page.evaluate('document.activeElement !== document.body'));

    const endAll = page.getByRole('button', { name: 'End all sessions' });
    await endAll.click();
    await page.getByRole('dialog', { name: 'End all sessions?' }).waitFor();
    await page.getByRole('button', { name: 'Keep them running' }).click();
    assert.is(await runningCount(), 1);
    await endAll.click();
    await page.getByRole('button', { name: 'End all', exact: true }).click();
    assert.is((await deadline(third, WAIT_MS, 'the third session')).status, 500);
    await page.getByText('Nothing runs.').waitFor();
    assert.not.ok(await endAll.isVisible());
    assert.ok(await page.evaluate('document.activeElement !== document.body'));
    assert.equal(tab.problems(), []);
  });
});

test('zooms by dragging, buttons and keys, and the figures in view follow', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    const plot = page.locator('.u-over:visible').first();
    await plot.waitFor();
    await plot.scrollIntoViewIfNeeded();
    const whole = await rangeOf(page);
    await page.getByRole('button', { name: 'Week' }).click();
    assert.is((await rangeOf(page)).spanMs, 7 * 86_400_000);
    await page.getByRole('button', { name: 'Earlier' }).click();
    assert.is((await rangeOf(page)).spanMs, 7 * 86_400_000);
    assert.ok((await rangeOf(page)).toMs < whole.toMs);
    const inView = async () => (await figuresOf(page, 'view-'))['successful'];
    await until(async () => (await inView()) === 0, WAIT_MS, 'a view without sessions');

    const { x, y, width, height } = (await plot.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const dragged = await rangeOf(page);
    await page.mouse.move(x + width / 4, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
    await page.mouse.move(x + (width * 3) / 4, y + height / 2, { steps: 4 });
    await page.mouse.up();
    const within = await rangeOf(page);
    assert.ok(Math.abs(within.spanMs / dragged.spanMs - 0.5) < 0.03, `${within.spanMs} of ${dragged.spanMs}`);
    assert.ok(Math.abs(within.fromMs - dragged.fromMs - dragged.spanMs / 4) < dragged.spanMs * 0.03);

    await page.mouse.dblclick(x + width / 2, y + height / 2);
    assert.is((await rangeOf(page)).spanMs, whole.spanMs);
    await page.locator('#charts').focus();
    await page.keyboard.press('-');
    // Two periods are the least that a view shows once it is zoomed.
    assert.is((await rangeOf(page)).spanMs, 2 * 86_400_000);
    await page.keyboard.press('ArrowLeft');
    assert.ok((await rangeOf(page)).toMs < whole.toMs);
    await page.keyboard.press('Escape');
    assert.is((await rangeOf(page)).spanMs, whole.spanMs);
    const { successful } = await liveRow();
    await until(async () => (await inView()) === successful, WAIT_MS, 'the figures of what is in view again');
    assert.equal(tab.problems(), []);
  });
});

test('reconnects to a server that came back, and shows what that one says; its rows as they close', async () => {
  const first = await start(WITHOUT_BROWSER);
  const relay = await startRelay(first.url);
  try {
    await withTab(openTab(browser, relay.url), async (page, tab) => {
      await page.locator('.u-over:visible').first().waitFor();
      assert.is((await first.post('/content', { html: 'x' })).status, 503);
      await until(async () => (await figuresOf(page, 'period-'))['unavailable'] === 1, WAIT_MS, 'the refusal');
      await first.stop();
      relay.leadTo(null);
      await status(page, /^Reconnecting/);
      // Another period: the page has to begin anew.
      const second = await start({ ...WITHOUT_BROWSER, METRICS_PERIOD_MS: '1000', METRICS_PERIODS: '600' });
      relay.leadTo(second.url);
      try {
        await status(page, /^Live, but without a browser/);
        await until(async () => (await figuresOf(page, 'view-'))['unavailable'] === 0, WAIT_MS, 'the new figures');
        await page.getByText('The rows in view as a table').click();
        const lastCells = `[...document.querySelectorAll('#rows tr')].map((row) =>
          [...row.cells].slice(-2).map((cell) => cell.textContent))`;
        const shown = async () => await page.evaluate<string[][]>(lastCells);
        await until(async () => (await shown()).length >= 4, WAIT_MS, 'closed rows on the page');
        // Latest first. That one is open, and the one before may have closed while the page was told of it.
        const settled = (await shown()).slice(2).reverse();
        const rows: { cpu: number; memory: number }[] = JSON.parse(await (await second.get('/metrics')).text());
        const closed = rows.slice(0, settled.length).map(({ cpu, memory }) => [percent(cpu), percent(memory)]);
        assert.equal(settled, closed);
        // What Chromium says of a stream whose server has gone depends on when it had gone; it is this one stream only.
        assert.equal(tab.problems(new RegExp(`load resource: net::ERR_[A-Z_]+ ${relay.url}/events$`)), []);
      } finally {
        await second.stop();
      }
    });
  } finally {
    await relay.close();
    await first.stop();
  }
});

test('asks for the token once, keeps it in the tab, and says when it is wrong', async () => {
  const guarded = await start({ ...WITHOUT_BROWSER, TOKEN: 'gehëim 1' });
  try {
    await withTab(openTab(browser, guarded.url), async (page, tab) => {
      await status(page, /Needs a token/);
      const input = page.getByLabel('Token');
      await input.fill('wrong');
      await input.press('Enter');
      await page.getByText('This token is wrong.').waitFor();
      await input.fill('gehëim 1');
      await page.getByRole('button', { name: 'Show the numbers' }).click();
      await status(page, /^Live/);
      await page.reload();
      await status(page, /^Live/);
      // Opening the page costs no refusal: only the wrong token does.
      await until(async () => (await figuresOf(page, 'period-'))['unauthorized'] === 1, WAIT_MS, 'one refusal');
      const kept = await page.evaluate('[document.cookie, localStorage.length, location.href].join()');
      assert.is(kept, `,0,${guarded.url}/`);
      await page.getByRole('button', { name: 'Forget token' }).click();
      await status(page, /Needs a token/);
      assert.not.ok(await page.locator('main').isVisible());
      assert.equal(tab.problems(/status of 401/), []);
    });
    assert.not.ok(guarded.logged.some((line) => /geh(?:ë|%C3%AB)im/i.test(line)));
  } finally {
    await guarded.stop();
  }
});

test('its files are sent again only when they have changed', async () => {
  const file = await server.get('/page/main.js');
  const etag = file.headers.get('etag') ?? '';
  assert.is((await server.get('/page/main.js', { headers: { 'if-none-match': etag } })).status, 304);
  const head = await server.get('/page/main.js', { method: 'HEAD' });
  assert.equal([head.status, await head.text(), head.headers.get('etag')], [200, '', etag]);
  assert.is((await server.get('/page/other.js')).status, 404);
  assert.is((await server.get('/page/..%2fmain.js')).status, 404);
  assert.is((await server.get('/', { method: 'POST' })).status, 405);
});

test('fits a phone, and everything has a name', async () => {
  await withTab(openTab(browser, server.url, { viewport: { width: 375, height: 700 } }), async (page, tab) => {
    const running = server.post('/content?trackingId=narrow', SLOW);
    await page.locator('.u-over:visible').nth(4).waitFor();
    await page.getByRole('row').filter({ hasText: 'narrow' }).waitFor();
    assert.is(await page.evaluate('document.documentElement.scrollWidth'), 375);
    await page.getByText('The rows in view as a table').click();
    await page.locator('#rows tr').first().waitFor();
    assert.is(await page.evaluate('document.documentElement.scrollWidth'), 375);
    const nameless = `[...document.querySelectorAll('button, table, [role=img], input, section, dialog, fieldset')]
      .filter((one) => !(one.ariaLabel || one.hasAttribute('aria-labelledby') || one.caption?.textContent ||
        one.labels?.length || (one.tagName === 'BUTTON' && one.textContent.trim()))).map((one) => one.outerHTML)`;
    assert.equal(await page.evaluate(nameless), []);
    assert.is(await page.evaluate(`document.querySelectorAll('th:not([scope])').length`), 0);
    assert.match((await page.locator('[role=img]').first().getAttribute('aria-label')) ?? '', /Ended well: at most/);
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.is.not(await ground(), light);
    assert.is((await server.get('/kill/all')).status, 204);
    await running;
    assert.equal(tab.problems(), []);
  });
});

test.run();
