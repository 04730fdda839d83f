/**
 * The wall clock stepped under a running server: back an hour, forward a day, and right again, between sessions and
 * within them. Dates of rows go up, no empty rows come in a burst, nothing is lost, and durations know of no step.
 */

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { type Server, startServer } from '../prometheus/server.js';
import { needs } from './needs.js';

const LIBRARY = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`;
/** The shortest there is, so that rows close while the test looks. */
const PERIOD_MS = 1_000;
/** More than a day of them, so that every row stays in view. */
const PERIOD_COUNT = '90000';
const HOUR_MS = 3_600_000;
const OFFSETS_MS = [-HOUR_MS, 24 * HOUR_MS, 0];
const NULLS_A_STEP = 20;
/** Of the session that a step goes through; no step is shorter than the bound of what it may be said to have taken. */
const LONG_MS = 700;
const LONG_MS_MAX = 60_000;
const WAIT_MS = 20_000;
/** The `Date` of an answer has no ms, and is up to a second old. */
const DATE_ERROR_MS = 10_000;

interface Row {
  readonly date: number;
  readonly successful: number;
  readonly totalTime: number;
  readonly sessionTimes: readonly number[];
}

const test = suite('faults/clock');
const folder = mkdtempSync(join(tmpdir(), 'headcount-test-clock-'));
const offsetFile = join(folder, 'offset');
let server: Server | undefined;

test.after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** The library reads the file at each look at the clock, so it must never see half of it. */
function stepTo(offsetMs: number): void {
  writeFileSync(`${offsetFile}.new`, `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / 1000}\n`);
  renameSync(`${offsetFile}.new`, offsetFile);
}

async function post(path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${server?.url}${path}`, { method: 'POST', body: JSON.stringify(body), headers });
  await response.arrayBuffer();
  return response.status;
}

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await (await fetch(`${server?.url}${path}`)).text());
}

/** That the server sees the step: without it, nothing here would prove anything. */
async function seen(offsetMs: number): Promise<void> {
  const isSeen = async (): Promise<boolean> => {
    const { headers } = await fetch(`${server?.url}/health/live`);
    return Math.abs(Date.parse(headers.get('date') ?? '') - Date.now() - offsetMs) < DATE_ERROR_MS;
  };
  await until(isSeen, WAIT_MS, `the server's clock ${offsetMs} ms away`);
}

needs(test, { files: [LIBRARY] })('steps of the wall clock move no date back, and no figure', async () => {
  stepTo(0);
  server = await startServer(1, {
    METRICS_PERIOD_MS: String(PERIOD_MS),
    METRICS_PERIODS: PERIOD_COUNT,
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: offsetFile,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
  });
  const startMs = performance.now();
  await server.ready();
  let sent = 0;
  for (const offsetMs of OFFSETS_MS) {
    for (let i = 0; i < NULLS_A_STEP; i++) assert.is(await post('/test?operation=null', {}), 200);
    const long = post('/content', { html: 'x', waitForTimeout: LONG_MS });
    await until(async () => (await json<unknown[]>('/sessions')).length === 1, WAIT_MS, 'the session to run');
    stepTo(offsetMs);
    await seen(offsetMs);
    assert.is(await long, 200);
    for (let i = 0; i < NULLS_A_STEP; i++) assert.is(await post('/test?operation=null', {}), 200);
    sent += 2 * NULLS_A_STEP + 1;
    const count = (await json<Row[]>('/metrics')).length;
    await until(async () => (await json<Row[]>('/metrics')).length >= count + 2, WAIT_MS, 'two more rows');
  }
  const rows = await json<Row[]>('/metrics');
  const periodCount = (performance.now() - startMs) / PERIOD_MS;
  checkDates(rows, periodCount);
  checkFigures(rows, await json<Row>('/metrics/all'), sent);
});

test.run();

function checkDates(rows: readonly Row[], periodCount: number): void {
  const dates = rows.map(({ date }) => date);
  for (const [index, date] of dates.entries()) {
    assert.is(date % PERIOD_MS, 0, 'aligned');
    assert.ok(index === 0 || date > (dates[index - 1] ?? 0), `${date} comes after ${dates[index - 1]}`);
  }
  // A step may cut a period short, which is a row more; the first and the last are not whole either.
  const countMax = periodCount + OFFSETS_MS.length + 2;
  assert.ok(rows.length <= countMax, `${rows.length} rows in ${periodCount} periods`);
  const [first = 0, last = 0] = [dates[0], dates.at(-1)];
  assert.ok(last - first > 24 * HOUR_MS - DATE_ERROR_MS, 'the day that was stepped over is in the dates');
}

function checkFigures(rows: readonly Row[], totals: Row, sent: number): void {
  const sumOf = (name: 'successful' | 'totalTime'): number => rows.reduce((sum, row) => sum + row[name], 0);
  assert.is(totals.successful, sent);
  assert.is(sumOf('successful'), sent);
  const times = rows.flatMap(({ sessionTimes }) => sessionTimes);
  assert.equal(times, totals.sessionTimes);
  assert.is(times.length, sent);
  assert.is(sumOf('totalTime'), totals.totalTime);
  assert.is(
    times.reduce((sum, ms) => sum + ms, 0),
    totals.totalTime,
  );
  assert.ok(times.filter((ms) => ms >= LONG_MS).length >= OFFSETS_MS.length, times.join());
  assert.ok(Math.max(...times) < LONG_MS_MAX, `the longest took ${Math.max(...times)} ms`);
}
