/**
 * What an innocent client feels of others on the same shard: one that logs without end, one that fetches without end,
 * one whose pictures are as large as they may be, and one that sends rubbish and leaves. p99 of a small `/content`
 * alone, and beside each of them.
 */

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isQuick } from '../measure.js';
import { type BenchReport, told } from '../row.js';
import { drive, percentile } from './rig/drive.js';
import { type ServerProcess, startServerProcess } from './rig/server.js';

const REQUESTS = isQuick() ? 30 : 100;
const GAP_MS = 50;
const DRIVE_MS_MAX = 240_000;
/** One worker, so that all are in the same browser. */
const SETTINGS = { WORKERS: '1', CONCURRENT: '8', QUEUE_LENGTH: '100' };
const INNOCENT = { path: '/content', body: JSON.stringify({ html: '<p>quiet' }) };

/** What is done to the server until `signal` ends it. */
type Neighbour = (url: string, signal: AbortSignal) => Promise<void>;

/** A body with a wait needs Playwright, which hears what a page logs. */
const WAIT = { waitForSelector: { selector: 'p' } };
const LOGS = {
  html: '<p>x<script>for (let i = 0; i < 1e6; i++) console.log("a line of a log " + i)</script>',
  ...WAIT,
};
const FETCHES = {
  html: '<p>x<script>for (let i = 0; i < 20000; i++) fetch("data:text/plain,x").catch(() => {})</script>',
  waitForTimeout: 3_000,
};
const LARGE = {
  html: '<div style="height: 30000px; background: linear-gradient(red, blue)">',
  options: { fullPage: true },
};

const NEIGHBOURS: Readonly<Record<string, Neighbour>> = {
  nobody: async () => {},
  'one that logs a million lines': again('/content', LOGS),
  'one that fetches 20 000 times': again('/content', FETCHES),
  'one that takes pictures of 30 000 pixels': again('/screenshot', LARGE),
  'one that sends rubbish and leaves': rubbish,
};

export async function run(): Promise<BenchReport> {
  const server = await startServerProcess(SETTINGS);
  const rows: (string | number)[][] = [];
  try {
    await innocent(server, 20);
    for (const [name, neighbour] of Object.entries(NEIGHBOURS)) {
      const controller = new AbortController();
      const busy = neighbour(server.url, controller.signal).catch(() => {});
      const { times, failures } = await innocent(server, REQUESTS);
      controller.abort();
      await busy;
      // What the neighbour had begun ends first.
      await sleep(1_000);
      rows.push([name, percentile(times, 50), percentile(times, 99), Math.max(...times), failures]);
    }
  } finally {
    await server.stop();
  }
  const alone = Number(rows[0]?.[2]);
  const title = `A small page every ${GAP_MS} ms, one worker, beside somebody else`;
  return {
    rows: rows
      .slice(1)
      .map(([name, , p99 = 0]) =>
        told(
          `ms p99 of an innocent client beside ${name}`,
          Number(p99),
          { with: 'nobody', value: alone },
          alone / Number(p99),
        ),
      ),
    tables: [{ title, columns: ['beside', 'p50 ms', 'p99 ms', 'most ms', 'not answered'], rows }],
  };
}

async function innocent({ url }: ServerProcess, requests: number) {
  const load = { url, ...INNOCENT, connections: 1, requests, gapMs: GAP_MS, limitMs: DRIVE_MS_MAX };
  const { asked } = await drive(load);
  return { times: asked.map(({ ms }) => ms), failures: asked.filter(({ status }) => status !== 200).length };
}

/** Sends the same body again and again. */
function again(path: string, body: object): Neighbour {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return async (url, signal) => {
    while (!signal.aborted) {
      const response = await fetch(url + path, { ...init, signal });
      await response.arrayBuffer();
    }
  };
}

/** Halves of requests, bytes that are no request, resets; a hundred a second. */
async function rubbish(url: string, signal: AbortSignal): Promise<void> {
  const port = Number(new URL(url).port);
  const head = 'POST /content HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ';
  const texts = ['\x16\x03\x01rubbish\r\n\r\n', `${head}5000\r\n\r\n{"html"`, `${head}12\r\n\r\n{"html":"x"}`];
  for (let i = 0; !signal.aborted; i++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(texts[i % texts.length] ?? '');
    await sleep(10);
    socket.destroy();
  }
}
