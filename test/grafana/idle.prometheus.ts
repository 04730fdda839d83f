/**
 * What panels of numbers say while nothing happens, on a real Prometheus: of a server that has just been started, of
 * one that has had no session, and of one that has been idle for hours after its sessions. A share of no sessions is
 * not a number, and neither is a quantile of none: the panel needs a text for that.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseExposition } from '../metrics/views/exposition.js';
import { ask } from '../prometheus/ask.js';
import { scrape } from '../prometheus/checkers.js';
import { type Server, startServer } from '../prometheus/server.js';
import { seriesOf, TARGET, writeBlocks } from './blocks.js';
import { readDashboards } from './dashboards.js';
import { fill, type View } from './fill.js';
import { type RuledPrometheus, startRuledPrometheus } from './ruled-prometheus.js';
import { scrapes, writeConfig } from './scraping.js';
import { isSaid, NUMBER_PANELS, textsFor } from './shown.js';

const ALL = { job: [], instance: [] };
const NONE = '–';
/** These have no answer while there are no sessions. All else is a number. */
const OF_SESSIONS = ['Failing', 'Queue wait, p95', 'Turned away', 'Instances G'];
/** In a copied scrape nothing goes on, not even what a live server always counts. */
const OF_LIVE_SERVERS = ['Fold delay, p99'];
const IDLE_SECONDS = 7200;
const SCRAPE_SECONDS = 15;

const test = suite('grafana/idle');

const stops: (() => Promise<void>)[] = [];
let folder: string;
let server: Server;
let prometheus: RuledPrometheus;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headcount-idle-'));
  stops.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  server = await startServer(2);
  stops.push(server.stop);
  await writeConfig(folder, server.url);
  prometheus = await startRuledPrometheus(folder);
  stops.push(prometheus.stop);
});

test.after(async () => {
  for (const stop of stops.reverse()) await stop();
});

test('from the first scrape on, every panel of numbers says something', async () => {
  await scrapes(prometheus, 1);
  const said = await panels(prometheus, { rangeSeconds: 3600, scrapeSeconds: 1, choices: ALL }, now());
  assert.equal(notSaid(said), []);
});

test('of a server without a session, all is a number but what is about sessions', async () => {
  await server.ready();
  await scrapes(prometheus, 6);
  const said = await panels(prometheus, { rangeSeconds: 3600, scrapeSeconds: 1, choices: ALL }, now());
  assert.equal(notSaid(said), []);
  assert.equal(without(said), OF_SESSIONS);
  assert.equal(said.get('Sessions'), ['0']);
  assert.equal(said.get('Slots in use'), ['0']);
});

test('of a server that has been idle for two hours after its sessions, too', async () => {
  for (const html of ['<h1>One</h1>', '<h1>Two</h1>']) {
    const headers = { 'content-type': 'text/html' };
    assert.is((await ask(`${server.url}/content`, { method: 'POST', headers, body: html })).status, 200);
  }
  const endSeconds = Math.floor(now());
  const past = await startPast(await scrape(server.url, 'openmetrics'), endSeconds);
  const view = { rangeSeconds: 3600, scrapeSeconds: SCRAPE_SECONDS, choices: ALL };
  const said = await panels(past, view, endSeconds);
  assert.equal(notSaid(said), []);
  assert.equal(without(said), [...OF_SESSIONS, ...OF_LIVE_SERVERS]);
});

test.run();

/** What each panel says, by its title. With several queries, the title is followed by the query's letter. */
async function panels(of: RuledPrometheus, view: View, atSeconds: number): Promise<Map<string, readonly string[]>> {
  const said = new Map<string, readonly string[]>();
  for (const { dashboard } of ordered()) {
    for (const panel of dashboard.panels.filter(({ type }) => NUMBER_PANELS.includes(type))) {
      const { title, targets = [] } = panel;
      for (const { refId, expr } of targets) {
        const series = await of.instant(fill(expr, view), atSeconds);
        const values = series.flatMap((one) => one.values);
        const name = targets.length > 1 ? `${title} ${refId}` : title;
        said.set(
          name,
          (values.length > 0 ? values : [null]).flatMap((value) => textsFor(panel, value)),
        );
      }
    }
  }
  return said;
}

/** The overview first, as a reader opens them. */
function ordered() {
  const files = readDashboards();
  return [
    ...files.filter(({ file }) => file === 'overview.json'),
    ...files.filter(({ file }) => file !== 'overview.json'),
  ];
}

function notSaid(said: ReadonlyMap<string, readonly string[]>): string[] {
  return [...said].filter(([, texts]) => !isSaid(texts)).map(([name, texts]) => `${name}: ${texts.join()}`);
}

function without(said: ReadonlyMap<string, readonly string[]>): string[] {
  return [...said].filter(([, texts]) => texts.includes(NONE)).map(([name]) => name);
}

/** A Prometheus to which the server has said the same for hours. */
async function startPast(text: string, endSeconds: number): Promise<RuledPrometheus> {
  const past = await mkdtemp(join(folder, 'past-'));
  const samples = [...parseExposition(text, 'openmetrics').values()].flatMap((family) => family.samples);
  const lines = [
    ...samples.map((sample) => ({ series: seriesOf(sample), valueAt: () => sample.value })),
    { series: `up{${TARGET}}`, valueAt: () => 1 },
  ];
  const span = { startSeconds: endSeconds - IDLE_SECONDS, endSeconds, stepSeconds: SCRAPE_SECONDS };
  await writeBlocks(past, lines, span);
  await writeFile(join(past, 'prometheus.yml'), '{}');
  const started = await startRuledPrometheus(past);
  stops.push(started.stop);
  return started;
}

function now(): number {
  return Date.now() / 1000;
}
