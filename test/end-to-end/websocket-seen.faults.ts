/**
 * What an operator sees of sessions over WebSocket on a real server: messages, pages and refusals in the metrics, hosts
 * and silence in the list of sessions.
 */

import puppeteer from 'puppeteer-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { deadline, until } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { openBrowser, openTab } from './browser.js';
import { atRest, ready, type Server, start, total } from './server.js';

const test = suite('end-to-end/websocket-seen');
const WAIT_MS = 20_000;
/** Long, because how fast a server starts is not tested here. */
const START_MS = 60_000;
let server: Server;
let pages: Pages;

test.before(async () => {
  pages = await startPages();
  server = await start();
  await ready(server, START_MS);
});

test.after(async () => {
  await server.stop();
  await pages.close();
});

test('its messages, its pages and what it was refused are counted by the time its session has ended', async () => {
  const names = {
    sent: ['headcount_cdp_frames_total', 'direction="sent"'],
    received: ['headcount_cdp_frames_total', 'direction="received"'],
    pages: ['headcount_cdp_pages_total', ''],
    url: ['headcount_cdp_refusals_total', 'method="Target.createTarget"'],
    method: ['headcount_cdp_refusals_total', 'method="SystemInfo.getInfo"'],
    other: ['headcount_cdp_refusals_total', 'method="other"'],
  } as const;
  const counts = async () => {
    const samples = await server.samples();
    return Object.fromEntries(Object.entries(names).map(([key, [name, part]]) => [key, total(samples, name, part)]));
  };
  const before = await counts();
  const socket = new WebSocket(server.url.replace('http', 'ws'));
  await deadline(new Promise((resolve) => socket.once('open', resolve)), WAIT_MS, 'the WebSocket');
  const frames: string[] = [];
  socket.on('message', (data) => frames.push(String(data)));
  const commands = [
    { method: 'Target.createTarget', params: { url: 'about:blank' } },
    { method: 'Target.createTarget', params: { url: pages.url('/') } },
    { method: 'Target.createTarget', params: { url: 'file:///etc/passwd' } },
    { method: 'SystemInfo.getInfo' },
    { method: 'Not.there' },
  ];
  for (const [i, command] of commands.entries()) socket.send(JSON.stringify({ id: i + 1, ...command }));
  await until(() => frames.length >= commands.length, WAIT_MS, 'the answers');
  socket.close();
  await atRest(server);
  const after = await counts();
  const added = Object.fromEntries(Object.keys(names).map((key) => [key, (after[key] ?? 0) - (before[key] ?? 0)]));
  const expected = { sent: frames.length, received: commands.length, pages: 2, url: 1, method: 1, other: 1 };
  assert.equal(added, expected);
});

/** The one session in the live page's table, by the heads of its columns. */
async function rowOnPage(): Promise<Map<string, string | null>> {
  const browser = await openBrowser();
  try {
    const { page } = await openTab(browser, server.url);
    const table = page.getByRole('table', { name: 'Sessions that run' });
    const cells = table.locator('tbody tr').locator('th, td');
    await cells.first().waitFor();
    const [heads, texts] = [await table.locator('thead th').allTextContents(), await cells.allTextContents()];
    return new Map(heads.map((head, i) => [head, texts[i] ?? null]));
  } finally {
    await browser.close();
  }
}

interface Seen {
  readonly kind: string;
  readonly hosts?: readonly string[];
  readonly idleMs?: number;
}

test('/sessions has the hosts of its pages, and how long it has been silent', async () => {
  const seen = async (): Promise<Seen | undefined> => {
    const [one] = (await (await server.get('/sessions')).json()) as Seen[];
    return one;
  };
  const { host } = new URL(pages.url('/'));
  const browser = await puppeteer.connect({ browserWSEndpoint: server.url.replace('http', 'ws') });
  const blank = await browser.newPage();
  await until(async () => (await seen())?.hosts?.length === 0, WAIT_MS, 'it to be told of');
  const [page, other] = [await browser.newPage(), await browser.newPage()];
  for (const one of [page, other]) await one.goto(`${pages.url('/')}?secret#part`);
  await until(async () => (await seen())?.hosts?.length === 1, WAIT_MS, 'its host to be told');
  const told = await seen();
  assert.equal([told?.kind, told?.hosts], ['cdp', [host]]);
  const row = await rowOnPage();
  assert.is(row.get('Page'), host);
  assert.match(row.get('Idle') ?? '', /^\d/);
  await until(async () => ((await seen())?.idleMs ?? 0) > 1_500, WAIT_MS, 'it to be silent');
  await blank.evaluate('1');
  await until(async () => ((await seen())?.idleMs ?? 1_500) < 1_500, WAIT_MS, 'its word to be told');
  for (const one of [page, other]) await one.close();
  await until(async () => (await seen())?.hosts?.length === 0, WAIT_MS, 'its pages to be gone');
  await browser.disconnect();
  await atRest(server);
});

test('LOG_TARGETS=none shows no host', async () => {
  const silent = await start({ WORKERS: '1', LOG_TARGETS: 'none' });
  await ready(silent, START_MS);
  const browser = await puppeteer.connect({ browserWSEndpoint: silent.url.replace('http', 'ws') });
  const page = await browser.newPage();
  await page.goto(pages.url('/'));
  const loadedAtMs = Date.now();
  let seen: Seen | undefined;
  // What the worker told at that time, it told with the page's host.
  const isTold = async (): Promise<boolean> => {
    await page.evaluate('1');
    const askedAtMs = Date.now();
    [seen] = (await (await silent.get('/sessions')).json()) as Seen[];
    return askedAtMs - (seen?.idleMs ?? askedAtMs) > loadedAtMs;
  };
  await until(isTold, WAIT_MS, 'it to be told of');
  assert.equal(seen?.hosts, []);
  await browser.disconnect();
  await silent.stop();
});

test.run();
