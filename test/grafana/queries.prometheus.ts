/**
 * Every query of every dashboard and rule on a real Prometheus that scrapes a real server, through real sessions and
 * real faults; and once more over a synthetic week. A query passes when it gives at least one finite number: one that
 * is merely valid could ask for something that nobody exposes. The tests are the acts of one story, in order.
 */

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Pages, startPages } from '../fixtures/pages.js';
import { ask } from '../prometheus/ask.js';
import { scrape } from '../prometheus/checkers.js';
import { endWorker, killBrowser } from '../prometheus/faults.js';
import { type Load, startLoad } from '../prometheus/load.js';
import { runTool } from '../prometheus/process.js';
import { type Server, startServer } from '../prometheus/server.js';
import { RULE_FOLDER, RULE_TEST_FOLDER, readRules } from './alert-rules.js';
import { labelValuesOf, queriesOf, readDashboards } from './dashboards.js';
import { fill, spanOf, type View } from './fill.js';
import { selectorsOf } from './promql.js';
import { type RuledPrometheus, type Series, startRuledPrometheus } from './ruled-prometheus.js';
import { scrapes, writeConfig } from './scraping.js';
import { SAMPLE_SECONDS, WEEK_SECONDS, writeWeek } from './week.js';

const SETTINGS = { MAX_CONCURRENT_SESSIONS: '4', MAX_QUEUE_LENGTH: '4', METRICS_PERIOD_MS: '10000' };
const CALM_SESSIONS = 24;
/** Enough of each for the alert on it. */
const DEATHS = 3;
const BURST = 24;
const JSON_TYPE = { 'content-type': 'application/json' };
const ALL = { job: [], instance: [] };
/** Those whose expression the faults below make true. What is left needs a sick machine, or a bug. */
const MADE_TRUE = [
  'HeadcountFailuresFast',
  'HeadcountFailuresSlow',
  'HeadcountRequestsRejected',
  'HeadcountBrowsersCrashing',
  'HeadcountWorkersCrashing',
];
/** Which the test has not for itself. */
const OF_THE_MACHINE = ['HeadcountCpuHigh', 'HeadcountMemoryHigh', 'HeadcountOverloaded'];
/** Of those made true, the ones that need no time to fire. */
const FIRING = ['HeadcountBrowsersCrashing', 'HeadcountWorkersCrashing'];

const files = readDashboards();
const { alerts, recordings } = readRules();
const queries = files.flatMap(queriesOf);
const test = suite('grafana/queries');

const stops: (() => Promise<void>)[] = [];
let folder: string;
let pages: Pages;
let server: Server;
let prometheus: RuledPrometheus;
let load: Load;
let startSeconds: number;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headcount-grafana-'));
  stops.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  pages = await startPages();
  stops.push(pages.close);
  server = await startServer(2, { ...SETTINGS, METRICS_FILE: join(folder, 'history.ring') });
  stops.push(server.stop);
  await server.ready();
  await writeConfig(folder, server.url);
  startSeconds = now();
  prometheus = await startRuledPrometheus(folder);
  stops.push(prometheus.stop);
});

test.after(async () => {
  await load?.stop();
  for (const stop of stops.reverse()) await stop();
});

test('promtool likes the rules, their tests and the configurations', async () => {
  const [rules, tests] = await Promise.all([yamlIn(RULE_FOLDER), yamlIn(RULE_TEST_FOLDER)]);
  for (const args of [
    ['check', 'rules', ...rules],
    ['test', 'rules', ...tests],
    ['check', 'config', 'grafana/prometheus/prometheus.yml'],
    // The file with the token is where the container has it.
    ['check', 'config', '--syntax-only', 'grafana/prometheus/prometheus.token.yml'],
  ]) {
    const { code, output, errors } = await runTool('promtool', args, '');
    assert.is(code, 'code 0', `promtool ${args.join(' ')}\n${output}${errors}`);
  }
});

test('while all is well, no alert is on its way', async () => {
  for (let sent = 0; sent < CALM_SESSIONS; sent++) {
    const path = ['/screenshot', '/content', '/pdf'][sent % 3] ?? '';
    const body = JSON.stringify({ url: pages.url('/') });
    const { status } = await ask(server.url + path, { method: 'POST', headers: JSON_TYPE, body });
    assert.is(status, 200, path);
  }
  await scrapes(prometheus, 3);
  const pending = await prometheus.instant('ALERTS', now());
  const names = pending.map(({ metric }) => metric['alertname'] ?? '').filter((name) => !OF_THE_MACHINE.includes(name));
  assert.equal(names, []);
  assert.equal(await prometheus.troubles(), []);
});

test('after faults, every query of every dashboard gives a number', async () => {
  load = startLoad(server.url, pages);
  const scene = { server, pages, load };
  for (let death = 0; death < DEATHS; death++) {
    await killBrowser(scene);
    await server.ready();
    await endWorker(scene, 'exit');
    await server.ready();
  }
  const slow = { html: '<h1>Slow</h1>', waitForTimeout: 1500 };
  await Promise.all(Array.from({ length: BURST }, () => load.session('/content', slow)));
  await scrapes(prometheus, 6);
  const view = { ...liveView(), choices: { job: ['headcount'], instance: [new URL(server.url).host] } };
  assert.equal(await silent(prometheus, view, now(), 1), []);
});

test('after faults, every rule selects something, and the alerts on these faults fire', async () => {
  const at = now();
  const empty: string[] = [];
  for (const { name, expr } of [...recordings, ...alerts]) {
    for (const { metric, matchers } of selectorsOf(expr)) {
      const braces = matchers.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join();
      const found = await prometheus.instant(`last_over_time(${metric}{${braces}}[2m])`, at);
      if (!hasNumber(found)) empty.push(`${name}: ${metric}{${braces}}`);
    }
  }
  assert.equal(empty, []);
  const isTrue = await Promise.all(alerts.map(async ({ expr }) => hasNumber(await prometheus.instant(expr, at))));
  const names = alerts.map(({ name }) => name);
  assert.equal(
    MADE_TRUE.filter((name) => !isTrue[names.indexOf(name)]),
    [],
  );
  for (const { name } of recordings) assert.ok(hasNumber(await prometheus.instant(name, at)), name);
  const firing = await prometheus.instant('ALERTS{alertstate="firing"}', at);
  for (const name of FIRING)
    assert.ok(
      firing.some(({ metric }) => metric['alertname'] === name),
      `${name} fires`,
    );
  assert.equal(await prometheus.troubles(), []);
});

test('the choices above the panels are there', async () => {
  const span = spanOf(liveView(), now());
  for (const { file, dashboard } of files) {
    for (const variable of dashboard.templating.list) {
      const parts = labelValuesOf(variable);
      if (parts === null) continue;
      const values = await prometheus.labelValues(fill(parts.expr, { ...liveView(), choices: ALL }), parts.label, span);
      const expected = { job: 'headcount', instance: new URL(server.url).host }[variable.name];
      assert.equal(values, [expected], `${file}: ${variable.name}`);
    }
  }
});

test('over a week, every query of every dashboard gives a number', async () => {
  const past = await mkdtemp(join(folder, 'week-'));
  const endSeconds = Math.floor(now() / SAMPLE_SECONDS) * SAMPLE_SECONDS;
  await writeWeek({ folder: past, scrape: await scrape(server.url, 'openmetrics'), endSeconds });
  await load.stop();
  await writeFile(join(past, 'prometheus.yml'), '{}');
  const week = await startRuledPrometheus(past, ['--storage.tsdb.retention.time=30d', '--query.lookback-delta=6m']);
  stops.push(week.stop);
  const view = { rangeSeconds: WEEK_SECONDS, scrapeSeconds: 15, choices: ALL };
  assert.equal(await silent(week, view, endSeconds, 60), []);
});

test.run();

/** Queries that give no finite number, or an error. */
async function silent(of: RuledPrometheus, view: View, endSeconds: number, annotationStep: number): Promise<string[]> {
  const span = spanOf(view, endSeconds);
  const found: string[] = [];
  for (const { where, expr, isInstant, from } of queries) {
    const filled = fill(expr, view);
    try {
      const series = isInstant
        ? await of.instant(filled, endSeconds)
        : await of.range(filled, from === 'annotation' ? { ...span, stepSeconds: annotationStep } : span);
      if (!hasNumber(series)) found.push(`${where}: nothing`);
    } catch (error) {
      found.push(`${where}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return found;
}

function hasNumber(series: readonly Series[]): boolean {
  return series.some(({ values }) => values.some(Number.isFinite));
}

function liveView(): View {
  return { rangeSeconds: Math.ceil(now() - startSeconds), scrapeSeconds: 1, choices: ALL };
}

async function yamlIn(path: string): Promise<string[]> {
  return (await readdir(path)).sort().map((file) => join(path, file));
}

function now(): number {
  return Date.now() / 1000;
}
