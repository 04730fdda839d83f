/**
 * A week of history, exported by the program and turned into blocks by promtool, in a real Prometheus. It answers with
 * the exact sums of the rows, for the whole week and for each period.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RuledPrometheus, type Span, startRuledPrometheus } from '../grafana/ruled-prometheus.js';
import { createFakeClock } from '../metrics/fake-clock.js';
import { seededRandom } from '../seeded-random.js';
import { type Folder, type JsonRow, makeFolder, PERIOD_MS, startLife } from '../store/life.js';
import { runTool } from './process.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const PERIODS = 2016;
const PERIOD_SECONDS = PERIOD_MS / 1000;
const SESSIONS_A_PERIOD = 40;
const FAILURES = [undefined, undefined, undefined, 'timeout', 'error'] as const;
const RUN_MS_MAX = 60_000;
/** In ms. A sum of seconds is rounded in its last digits. */
const TOLERANCE_MS = 1e-3;
const SEED = 20_261_123;

/** What an exported counter counts, in the unit of `/metrics`. */
const COUNTERS: Readonly<Record<string, { readonly scale: number; readonly of: (row: JsonRow) => number }>> = {
  headcount_history_sessions_total: { scale: 1, of: (row) => sumOf(row, ['successful', 'error', 'timedout']) },
  'headcount_history_session_failures_total{reason="timeout"}': { scale: 1, of: (row) => sumOf(row, ['timedout']) },
  'headcount_history_session_failures_total{reason="error"}': { scale: 1, of: (row) => sumOf(row, ['error']) },
  headcount_history_session_seconds_total: { scale: 1000, of: (row) => sumOf(row, ['totalTime']) },
  headcount_history_queue_wait_seconds_total: { scale: 1000, of: (row) => sumOf(row, ['queueTime']) },
  headcount_history_units_total: { scale: 1, of: (row) => sumOf(row, ['units']) },
};

const test = suite('prometheus/backfill');

let folder: Folder;
let prometheus: RuledPrometheus;
/** Closed rows only, because the live row ends when it was written. */
let rows: JsonRow[];
let span: Span;

test.before(async () => {
  folder = makeFolder('backfill');
  await mkdir(folder.of('data'));
  rows = await writeHistory(folder.of('headcount.ring'));
  const dates = rows.map(({ date = 0 }) => date / 1000);
  span = {
    startSeconds: dates[0] ?? 0,
    endSeconds: (dates.at(-1) ?? 0) + PERIOD_SECONDS,
    stepSeconds: PERIOD_SECONDS,
  };
  await backfill();
  await writeFile(folder.of('prometheus.yml'), '{}');
  prometheus = await startRuledPrometheus(folder.path, ['--storage.tsdb.retention.time=30d']);
});

test.after(async () => {
  await prometheus?.stop();
  folder?.remove();
});

test('the whole week has the exact sums of the rows', async () => {
  assert.is(rows.length, PERIODS);
  for (const [series, { scale, of }] of Object.entries(COUNTERS)) {
    const difference = `${series} - ${series} offset ${span.endSeconds - span.startSeconds}s`;
    const [found] = await prometheus.instant(difference, span.endSeconds);
    const expected = rows.reduce((sum, row) => sum + of(row), 0);
    assert.ok(expected > 0, `${series} counts something`);
    near((found?.values[0] ?? Number.NaN) * scale, expected, scale, series);
  }
});

test('each period has the exact figures of its row', async () => {
  for (const [series, { scale, of }] of Object.entries(COUNTERS)) {
    const [found] = await prometheus.range(series, span);
    const values = found?.values ?? [];
    assert.is(values.length, PERIODS + 1, series);
    for (const [i, row] of rows.entries()) {
      const grown = (values[i + 1] ?? Number.NaN) - (values[i] ?? Number.NaN);
      near(grown * scale, of(row), scale, `${series}, row ${i}`);
    }
  }
});

test('what was measured is there for each period as in its row', async () => {
  const peak = await prometheus.range('headcount_history_sessions_concurrent_max', span);
  const longest = await prometheus.range('headcount_history_session_duration_quantile_seconds{quantile="1"}', span);
  // The first sample is at the end of the first period.
  assert.equal(peak[0]?.values, column('maxConcurrent'));
  assert.equal(
    longest[0]?.values,
    column('maxTime').map((ms) => ms / 1000),
  );
});

test.run();

/** Writes a week that ends with the period before the present one, which is live. */
async function writeHistory(path: string): Promise<JsonRow[]> {
  const endMs = Math.floor(Date.now() / PERIOD_MS) * PERIOD_MS;
  const clock = createFakeClock(endMs - PERIODS * PERIOD_MS);
  const life = await startLife({ path, periods: PERIODS, clock });
  const random = seededRandom(SEED);
  for (let period = 0; period < PERIODS; period++) {
    const sessions = 1 + Math.floor(random() * SESSIONS_A_PERIOD);
    for (let session = 0; session < sessions; session++) {
      life.session(1 + Math.floor(random() * RUN_MS_MAX), FAILURES[Math.floor(random() * FAILURES.length)]);
    }
    life.nextPeriod();
  }
  const closed = life.rows().slice(0, -1);
  await life.history.close();
  return closed;
}

async function backfill(): Promise<void> {
  const exported = await runTool(
    'env',
    [
      `METRICS_FILE=${folder.of('headcount.ring')}`,
      process.execPath,
      MAIN,
      'history',
      'export',
      '--format=openmetrics',
    ],
    '',
  );
  assert.is(exported.code, 'code 0', exported.errors);
  const path = join(folder.path, 'week.om');
  await writeFile(path, exported.output);
  const args = ['tsdb', 'create-blocks-from', '--quiet', 'openmetrics', path, folder.of('data')];
  const { code, errors } = await runTool('promtool', args, '');
  assert.is(code, 'code 0', errors);
}

function near(actual: number, expected: number, scale: number, what: string): void {
  if (scale === 1) assert.is(actual, expected, what);
  else assert.ok(Math.abs(actual - expected) < TOLERANCE_MS, `${what}: ${actual} instead of ${expected}`);
}

function sumOf(row: JsonRow, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (row[name] ?? 0), 0);
}

function column(name: string): number[] {
  return rows.map((row) => row[name] ?? Number.NaN);
}
