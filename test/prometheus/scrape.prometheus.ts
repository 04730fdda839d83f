/**
 * A server under load and faults, which a real Prometheus watches from beginning to end. No scrape fails, no counter
 * falls, no series comes or goes. In the end Prometheus has what the server has and what its clients were told. The
 * tests are the acts of one story, in order.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAILURES } from '../../src/failures.js';
import { FAMILIES } from '../../src/metrics/families.js';
import type { Family } from '../../src/metrics/family.js';
import { until } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import type { Sample } from '../metrics/views/exposition.js';
import { ask } from './ask.js';
import { checkScrape, parse, scrape } from './checkers.js';
import { endWorker, killBrowser, runningSessions } from './faults.js';
import { brokenIdentities, expectedTotals, sum } from './identities.js';
import { keyOf } from './labelsets.js';
import { type Load, startLoad, type Told } from './load.js';
import { EVER, type RealPrometheus, type Scrape, startPrometheus } from './real-prometheus.js';
import { type Server, startServer } from './server.js';

const test = suite('prometheus/scrape');

const SLOTS = 4;
const QUEUE_LIMIT = 4;
const TOKEN = 'a-token-for-scrapes';
/** Jobs that must always succeed. `metrics` uses Prometheus's default path. */
const GOOD_JOBS = ['prometheus', 'metrics', 'with-token'];
const LOADED_JOBS = ['prometheus', 'metrics'];
const NO_TOKEN_JOB = 'without-token';
const SCRAPES_MIN = 22;
const WAIT_MS = 30_000;
/** What Prometheus adds to each scrape. */
const ADDED = /^(up|scrape_\w+)$/;
const HTTP_REQUESTS = 'headcount_http_requests_total';

/** Counters that stand still while no session runs. */
const AT_REST = /^headcount_(session|queue|requests_|unauthorized|browser|page|prewarm|network|worker_restarts)/;

const COUNTERS = (FAMILIES as readonly Family[]).flatMap(({ name, type }) => {
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
  return type === 'counter' ? [name] : [];
});

const stops: (() => Promise<void>)[] = [];
let pages: Pages;
let server: Server;
let guarded: Server;
let prometheus: RealPrometheus;
let load: Load;
let before: Sample[];
let after: Sample[];
const scrapes = new Map<string, Scrape[]>();

test.before(async () => {
  pages = await startPages();
  stops.push(pages.close);
  const settings = { MAX_CONCURRENT_SESSIONS: String(SLOTS), MAX_QUEUE_LENGTH: String(QUEUE_LIMIT) };
  server = await startServer(2, settings);
  stops.push(server.stop);
  guarded = await startServer(1, { TOKEN });
  stops.push(guarded.stop);
});

test.after(async () => {
  const results = await Promise.allSettled(stops.reverse().map((stop) => stop()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
});

test('a scrape at the start is well formed', async () => {
  await checkScrape(server.url, 'at the start');
});

test('a scrape under load is well formed', async () => {
  prometheus = await startPrometheus([
    { name: 'prometheus', url: server.url, path: '/prometheus' },
    { name: 'metrics', url: server.url },
    { name: 'with-token', url: guarded.url, token: TOKEN },
    { name: NO_TOKEN_JOB, url: guarded.url },
  ]);
  stops.push(prometheus.stop);
  await prometheus.scraped(GOOD_JOBS, 1, WAIT_MS);
  load = startLoad(server.url, pages);
  stops.push(load.stop);
  await until(() => load.told.has('ok') && load.told.has('NAVIGATION_FAILED'), WAIT_MS, 'the load has begun');
  await checkScrape(server.url, 'under load');
});

test('a scrape right after the death of a worker is well formed', async () => {
  await server.ready();
  await endWorker({ server, pages, load }, 'exit');
  await checkScrape(server.url, 'after the death of a worker');
});

test('a scrape right after the death of a browser is well formed', async () => {
  await server.ready();
  await killBrowser({ server, pages, load });
  await checkScrape(server.url, 'after the death of a browser');
});

test('more faults, and more sessions than there is room for', async () => {
  const scene = { server, pages, load };
  for (const fault of [() => endWorker(scene, 'throw'), () => killBrowser(scene), () => endWorker(scene, 'reject')]) {
    await server.ready();
    await fault();
  }
  await server.ready();
  const burst = Array.from({ length: SLOTS + QUEUE_LIMIT + 2 }, () =>
    load.session('/screenshot?timeout=1000', { url: pages.url('/never') }),
  );
  const told = await Promise.all(burst);
  assert.ok(told.filter((code) => code === 'QUEUE_FULL').length >= 2, told.join(', '));
  await prometheus.scraped(GOOD_JOBS, SCRAPES_MIN, WAIT_MS);
});

test('comes to rest, and Prometheus scrapes it there', async () => {
  await load.stop();
  const isAtRest = async (): Promise<boolean> => (await runningSessions(server)).length === 0;
  await until(isAtRest, WAIT_MS, 'every slot is free');
  await server.ready();
  before = await checkScrape(server.url, 'at rest');
  // The first scrape may have begun before.
  const counts = await prometheus.byJob(`count_over_time(up[${EVER}])`);
  await prometheus.scraped(GOOD_JOBS, Math.max(...[...counts.values()].flat()) + 2, WAIT_MS);
  for (const job of [...GOOD_JOBS, NO_TOKEN_JOB]) scrapes.set(job, await prometheus.scrapes(job));
  after = await checkScrape(server.url, 'at the end');
});

test('no scrape failed, and Prometheus had nothing to complain of', async () => {
  for (const job of GOOD_JOBS) {
    const ups = scrapesOf(job).map(({ samples }) => sum(samples, 'up'));
    assert.ok(ups.length >= SCRAPES_MIN, `${ups.length} scrapes of ${job}`);
    assert.is(ups.indexOf(0), -1, `${job} was down`);
  }
  const targets = await prometheus.targets();
  const good = targets.filter(({ scrapePool }) => GOOD_JOBS.includes(scrapePool));
  assert.equal(
    good.map(({ health, lastError }) => `${health}${lastError}`),
    GOOD_JOBS.map(() => 'up'),
  );
  const bad = (await prometheus.ownMetrics()).match(
    /^prometheus_target_(scrapes_(exceeded|sample)_\w+|scrape_pool_exceeded\w+|sync_failed_total\S*) [^0]\S*$/gm,
  );
  assert.is(bad, null);
  assert.equal(prometheus.log, []);
});

test('no counter fell', async () => {
  for (const name of COUNTERS) {
    const resets = await prometheus.byJob(`resets(${name}[${EVER}])`);
    for (const job of GOOD_JOBS) {
      assert.equal(new Set(resets.get(job)), new Set([0]), `resets of ${name} of ${job}`);
    }
  }
});

test('no series came or went but those of HTTP requests', () => {
  const lengths = LOADED_JOBS.flatMap((job) => scrapesOf(job).map(({ samples }) => lengthOf(samples)));
  assert.equal([...new Set(lengths)], [after.filter(({ name }) => name !== HTTP_REQUESTS).length]);
  const guardedLengths = scrapesOf('with-token').map(({ samples }) => lengthOf(samples));
  assert.is(new Set(guardedLengths).size, 1);
  for (const { samples } of GOOD_JOBS.flatMap(scrapesOf)) {
    const exposed = samples.filter(({ name }) => !ADDED.test(name)).length;
    assert.is(sum(samples, 'scrape_samples_scraped'), exposed);
    assert.is(sum(samples, 'scrape_samples_post_metric_relabeling'), exposed);
  }
});

test('every single scrape adds up', () => {
  for (const job of GOOD_JOBS) {
    for (const { samples, atSeconds } of scrapesOf(job)) {
      assert.equal(brokenIdentities(samples), [], `${job} at ${atSeconds}`);
    }
  }
  assert.equal(brokenIdentities(after), []);
});

test('the counters in Prometheus are those of the server', () => {
  const [from, to] = [valuesByKey(before), valuesByKey(after)];
  for (const job of LOADED_JOBS) {
    const last = scrapesOf(job).at(-1)?.samples ?? [];
    const kept = valuesByKey(last);
    // HTTP requests come between the three scrapes, so the earlier ones may lack some of their series.
    for (const [key, value] of to) {
      const seen = kept.get(key) ?? 0;
      assert.ok((from.get(key) ?? 0) <= seen && seen <= value, `${key} of ${job} is ${seen}`);
      if (AT_REST.test(key)) assert.is(seen, value, `${key} of ${job}`);
    }
    assert.equal(
      [...kept.keys()].filter((key) => !to.has(key)),
      [],
    );
  }
});

test('the counters are what the clients were told', async () => {
  const failures: Told[] = ['SESSION_TIMEOUT', 'NAVIGATION_FAILED', 'WORKER_CRASHED', 'BROWSER_CRASHED', 'QUEUE_FULL'];
  assert.equal([...load.told.keys()].sort(), [...failures, 'ok'].sort());
  const sent = [...load.told.values()].reduce((total, count) => total + count, load.left());
  assert.is(sum(after, 'headcount_sessions_requested_total'), sent);
  let untold = sent;
  const compare = (counted: number, codes: readonly Told[], what: string): void => {
    const told = codes.reduce((total, code) => total + (load.told.get(code) ?? 0), 0);
    // A client may leave in the moment in which it is answered.
    assert.ok(told <= counted && counted <= told + load.left(), `${what}: told ${told}, counted ${counted}`);
    untold -= told;
  };
  const totals = expectedTotals(after);
  compare(totals['successful'] ?? 0, ['ok'], 'successful');
  for (const code of failures) {
    const { session: failure, refusal } = FAILURES[code as keyof typeof FAILURES];
    if (failure) compare(sum(after, 'headcount_session_failures_total', { reason: failure }), [code], failure);
    if (refusal) compare(sum(after, 'headcount_requests_rejected_total', { reason: refusal }), [code], refusal);
  }
  assert.is(untold, load.left());
  assert.is(sum(after, 'headcount_worker_restarts_total'), 3);
  const { body } = await ask(`${server.url}/metrics/all`);
  const shown: Record<string, number> = JSON.parse(body.toString('utf8'));
  assert.equal(Object.fromEntries(Object.keys(totals).map((key) => [key, shown[key]])), totals);
});

test('Prometheus knows the type and the help of every family', async () => {
  for (const job of GOOD_JOBS) {
    const known = new Map(
      (await prometheus.metadata(job)).map(({ metric, type, help }) => [metric, `${type} ${help}`]),
    );
    for (const { name, type, help } of FAMILIES) {
      const title = type === 'counter' ? name.replace(/_total$/, '') : name;
      assert.is(known.get(title), `${type} ${help}`, `${name} of ${job}`);
    }
    assert.is(known.size, FAMILIES.length);
  }
});

test('a scrape without the token is refused and counted, and the token is nowhere to be seen', async () => {
  const refused = scrapesOf(NO_TOKEN_JOB);
  assert.ok(refused.length >= SCRAPES_MIN);
  assert.ok(refused.every(({ samples }) => sum(samples, 'up') === 0));
  assert.equal(new Set(refused.flatMap(({ samples }) => samples.map(({ name }) => ADDED.test(name)))), new Set([true]));
  const target = (await prometheus.targets()).find(({ scrapePool }) => scrapePool === NO_TOKEN_JOB);
  assert.match(target?.lastError ?? '', '401');
  const text = await scrape(guarded.url, 'openmetrics', TOKEN);
  assert.not.match(text, TOKEN);
  const families = await parse(text, 'openmetrics', 'with a token');
  const counted = sum(
    families.flatMap(({ samples }) => samples),
    'headcount_unauthorized_total',
  );
  assert.ok(counted >= refused.length, `${refused.length} refused, ${counted} counted`);
});

test.run();

function scrapesOf(job: string): Scrape[] {
  return scrapes.get(job) ?? [];
}

/** Without the samples that Prometheus adds. */
function lengthOf(samples: readonly Sample[]): number {
  return samples.filter(({ name }) => name !== HTTP_REQUESTS && !ADDED.test(name)).length;
}

function valuesByKey(samples: readonly Sample[]): Map<string, number> {
  return new Map(samples.filter(({ name }) => COUNTERS.includes(name)).map((sample) => [keyOf(sample), sample.value]));
}
