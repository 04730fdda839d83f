/**
 * What somebody who looks at the live page for five seconds learns, in a real browser, as a screen reader would say it:
 * of servers that are well, fail more or less than before, turn sessions away, or take none. The events are the
 * server's own, but for what each test says of them.
 */

import { hostname } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Ended } from '../../src/page/figures.js';
import { until } from '../deadline.js';
import { ended } from '../page/recents.js';
import { openBrowser, openTab, withTab } from './browser.js';
import { type Server, start } from './server.js';

const test = suite('end-to-end/page-states');
const WAIT_MS = 20_000;
let browser: Browser;
let server: Server;

interface Told {
  readonly notReady?: string | null;
  readonly last?: Partial<Ended>;
  readonly before?: Partial<Ended>;
  readonly pressure?: Readonly<Record<string, number>>;
}

/** What is at the top of the page, and in the tab. */
interface Seen {
  readonly status: string;
  readonly health: string;
  readonly failed: string;
  readonly title: string;
  readonly icon: string;
}

test.before(async () => {
  server = await start({ WORKERS: '1', CHROMIUM_PATH: '/nowhere' });
  browser = await openBrowser();
});

test.after(async () => {
  await browser.close();
  await server.stop();
});

async function firstEvent(): Promise<Record<string, unknown>> {
  const response = await server.get('/events');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const text = (await reader?.read())?.value ?? '';
  await reader?.cancel();
  return JSON.parse(text.slice('data: '.length));
}

async function tell(page: Page, { notReady = null, last = {}, before = {}, pressure = {} }: Told): Promise<void> {
  const event = await firstEvent();
  const recent = { lastMinute: ended(last), last5Minutes: ended(last), before: ended(before), kinds: {} };
  const told = { ...event, notReady, recent, pressure: { ...Object(event['pressure']), ...pressure } };
  await page.route('**/events', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: `data: ${JSON.stringify(told)}\n\n` }),
  );
}

async function seen(page: Page): Promise<Seen> {
  const text = async (id: string): Promise<string> => (await page.locator(id).innerText()).trim();
  return {
    status: await text('#status'),
    health: await text('#health'),
    failed: await text('dl > div:first-child dd'),
    title: await page.title(),
    icon: (await page.locator('#icon').getAttribute('href')) ?? '',
  };
}

/** As the page tells it once it has been told. */
async function seenOf(told: Told): Promise<Seen> {
  const { url } = server;
  const name = `${hostname()} · headcount`;
  let now: Seen = { status: '', health: '', failed: '', title: '', icon: '' };
  await withTab(openTab(browser, 'about:blank'), async (page) => {
    await tell(page, told);
    await page.goto(url);
    const isThere = async () => {
      now = await seen(page);
      return now.health !== '' && now.title.endsWith(name) && now.status !== 'Connecting';
    };
    await until(isThere, WAIT_MS, 'the page to be told');
  });
  return { ...now, title: now.title.slice(0, -name.length).replace(/ · $/, '') };
}

test('sessions that end well', async () => {
  assert.equal(await seenOf({ last: { successful: 1_200 }, before: { successful: 1_000 } }), {
    status: 'Live',
    health: '1,200 of 1,200 sessions ended well in the last 5 min',
    failed: '0 % of 1,200 in 5 min, as before',
    title: '',
    icon: 'page/icon.svg',
  });
});

test('sessions that fail, more than before', async () => {
  const last = { successful: 90, failures: { browser_crash: 25, navigation: 5 } };
  assert.equal(await seenOf({ last, before: { successful: 99, failures: { navigation: 1 } } }), {
    status: 'Live, but sessions fail',
    health: '30 of 120 sessions failed in the last 5 min (25 %, up from 1 %): 25 browser_crash, 5 navigation',
    failed: '25 % of 120 in 5 min, up from 1 %',
    title: '25 % failed',
    icon: 'page/icon-bad.svg',
  });
});

test('sessions that fail, and less than before', async () => {
  const last = { successful: 90, failures: { timeout: 10 } };
  assert.equal(await seenOf({ last, before: { successful: 1, failures: { timeout: 99 } } }), {
    status: 'Live',
    health: '10 of 100 sessions failed in the last 5 min (10 %, down from 99 %): 10 timeout',
    failed: '10 % of 100 in 5 min, down from 99 %',
    title: '',
    icon: 'page/icon.svg',
  });
});

test('an operator who ended everything', async () => {
  assert.equal(await seenOf({ last: { failures: { killed: 40 }, refusals: { abandoned: 9 } } }), {
    status: 'Live',
    health: 'No session has ended in the last 5 min. 40 were ended by an operator',
    failed: '– none has ended in 5 min',
    title: '',
    icon: 'page/icon.svg',
  });
});

test('more sessions than there is room for, now and a moment ago', async () => {
  const last = { successful: 30, refusals: { queue_full: 20, deadline: 2 } };
  const health = '30 of 30 sessions ended well in the last 5 min. 22 refused: 20 queue_full, 2 deadline';
  const full = await seenOf({ last, notReady: 'full' });
  assert.equal(
    [full.status, full.health, full.title, full.icon],
    ['Live, and full: turns sessions away', health, 'Live, and full: turns sessions away', 'page/icon-busy.svg'],
  );
  const before = await seenOf({ last });
  assert.equal(
    [before.status, before.health, before.title, before.icon],
    ['Live, but turns sessions away', health, '42 % refused', 'page/icon-busy.svg'],
  );
});

test('a server without a browser, one that starts, and one that stops', async () => {
  const at = async (notReady: string) => {
    const { status, title, icon } = await seenOf({ notReady });
    assert.is(title, status, 'the tab says the same');
    return [status, icon];
  };
  assert.equal(await at('browser'), ['Live, but without a browser', 'page/icon-bad.svg']);
  assert.equal(await at('starting'), ['Live, the browsers are starting', 'page/icon-busy.svg']);
  assert.equal(await at('draining'), ['Draining: takes no new sessions', 'page/icon-busy.svg']);
});

test('what is above the fold on a small screen and a phone, in the order in which it is read', async () => {
  const last = { successful: 6, failures: { timeout: 6 } };
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]) {
    await withTab(openTab(browser, 'about:blank', { viewport }), async (page) => {
      await tell(page, { last, before: { successful: 12 }, pressure: { running: 3, queued: 1 } });
      await page.goto(server.url);
      await page.getByText('6 of 12 sessions failed').waitFor();
      const read = (await page.locator('body').ariaSnapshot()).replaceAll('"', '');
      const order = ['status: Live, but sessions fail', '6 timeout', 'term: Failed', 'term: Running', 'term: Waiting'];
      const places = order.map((text) => read.indexOf(text));
      assert.ok(
        places.every((place, i) => place > (places[i - 1] ?? 0)),
        `${places} in ${read}`,
      );
      const below = await page
        .locator('.tile')
        .evaluateAll(
          (tiles, height) => tiles.filter((tile) => tile.getBoundingClientRect().bottom > height).length,
          viewport.height,
        );
      assert.is(below, 0, `tiles below ${viewport.height} px`);
      assert.is(await page.evaluate('document.documentElement.scrollWidth'), viewport.width);
    });
  }
});

test('large text neither overlaps nor is cut off', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    await page.getByText('Live, but without a browser').waitFor();
    await page.evaluate(`document.documentElement.style.fontSize = '200%'`);
    const cut = `[...document.querySelectorAll('.tile, .tile dt, .tile dd, .top > *, button')]
      .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => one.textContent)`;
    assert.equal(await page.evaluate(cut), []);
    assert.is(await page.evaluate('document.documentElement.scrollWidth'), 1280);
    assert.equal(tab.problems(), []);
  });
});

test('by keyboard alone everything is reached in the order of the page, and is seen to be', async () => {
  await withTab(openTab(browser, server.url), async (page, tab) => {
    await page.getByRole('button', { name: 'Hour', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Copy' }).waitFor();
    const reached: { readonly name: string; readonly isSeen: boolean }[] = [];
    const focused = `(() => {
      const one = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      const isThere = box.width > 0 && box.top >= 0 && box.top < innerHeight;
      const isSeen = isThere && outlineStyle !== 'none' && outlineWidth !== '0px';
      return { name: one.ariaLabel ?? one.textContent, isSeen };
    })()`;
    for (let i = 0; i < 13; i++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(focused));
    }
    assert.equal(
      reached.map(({ name }) => name.trim()),
      [
        'Skip to the numbers',
        'Copy',
        'Table of workers',
        'Hour',
        '6 hours',
        'Day',
        'Week',
        'Earlier',
        'Later',
        'Zoom in',
        'Zoom out',
        'Reset',
        'Charts',
      ],
    );
    assert.ok(
      reached.every(({ isSeen }) => isSeen),
      JSON.stringify(reached),
    );
    assert.equal(tab.problems(), []);
  });
});

test.run();
