/**
 * What an operator sees of sessions over WebSocket on a real server: messages, pages and refusals in the metrics.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { deadline, until } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { atRest, ready, type Server, start, total } from './server.js';

const test = suite('end-to-end/websocket-seen');
const WAIT_MS = 20_000;
let server: Server;
let pages: Pages;

test.before(async () => {
  pages = await startPages();
  server = await start({ WORKERS: '2' });
  await ready(server);
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

test.run();
