/**
 * The wall clock stepped under a running server: back an hour, forward a day, and right again, between sessions and
 * within them; to 2106 and back, with a restart between. Dates of rows go up, empty rows do not come in a burst, and
 * nothing is lost. A right clock dates anew what a wrong one has dated, and durations know of no step.
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
/** The shortest that there is, so that rows close while the test looks. */
const PERIOD_MS = 1_000;
/** More than a day of them, so that every row stays in view. */
const PERIOD_COUNT = '90000';
const HOUR_MS = 3_600_000;
const OFFSETS_MS = [-HOUR_MS, 24 * HOUR_MS, 0];
/** From this century to the next. */
const FAR_MS = 80 * 365 * 24 * HOUR_MS;
const SET_BACK = 'the clock was set back: rows dated later are dated anew';
const NULLS_A_STEP = 20;
/**
 * The run time of a session that a step goes through. Steps are longer than the bound on what it may be said to have
 * taken.
 */
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

test.after.each(async () => {
  await server?.stop();
  server = undefined;
});
test.after(() => {
  rmSync(folder, { recursive: true });
});

/** The library reads the file whenever the clock is asked, so it must never see half of it. */
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

/** Waits until the server sees the step. Without that, nothing here would prove anything. */
async function seen(offsetMs: number): Promise<void> {
  const isSeen = async (): Promise<boolean> => {
    const { headers } = await fetch(`${server?.url}/health/live`);
    return Math.abs(Date.parse(headers.get('date') ?? '') - Date.now() - offsetMs) < DATE_ERROR_MS;
  };
  await until(isSeen, WAIT_MS, `the server's clock ${offsetMs} ms away`);
}

async function startStepped(settings: Readonly<Record<string, string>>): Promise<Server> {
  return await startServer(1, {
    METRICS_PERIOD_MS: String(PERIOD_MS),
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: offsetFile,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
    ...settings,
  });
}

const steppedTest = needs(test, { files: [LIBRARY] });

steppedTest('steps of the wall clock leave dates that go up, and change no figure', async () => {
  stepTo(0);
  server = await startStepped({ METRICS_PERIODS: PERIOD_COUNT });
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
  assert.ok(server.said(SET_BACK) >= 2, 'the log says so');
});

steppedTest('rows from 2106 do not outlive the error, nor hide the true ones, a restart between', async () => {
  stepTo(0);
  const file = { METRICS_FILE: join(folder, 'headcount.ring'), METRICS_PERIODS: '600' };
  const beganMs = Date.now();
  server = await startStepped(file);
  let sent = 0;
  const send = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) assert.is(await post('/test?operation=null', {}), 200);
    sent += count;
  };
  const rowsOf = async (): Promise<Row[]> => await json<Row[]>('/metrics');
  await send(3);
  await until(async () => (await rowsOf()).length >= 3, WAIT_MS, 'true rows');
  const before = (await rowsOf()).slice(0, -1);
  stepTo(FAR_MS);
  await seen(FAR_MS);
  await send(4);
  await until(async () => (await rowsOf()).length >= 2, WAIT_MS, 'rows of 2106');
  assert.ok(
    (await rowsOf()).every(({ date }) => date > beganMs + FAR_MS - DATE_ERROR_MS),
    'it cannot know better',
  );
  await server.stop();
  server = await startStepped(file);
  await send(5);
  stepTo(0);
  await seen(0);
  await send(6);
  const isBack = async (): Promise<boolean> => ((await rowsOf())[0]?.date ?? 0) < beganMs + DATE_ERROR_MS;
  await until(isBack, WAIT_MS, 'the true rows');
  for (const round of ['running on', 'started again']) {
    const rows = await rowsOf();
    const dates = rows.map(({ date }) => date);
    assert.equal(rows.slice(0, before.length), before, round);
    assert.ok(
      dates.every((date, i) => i === 0 || date > (dates[i - 1] ?? 0)),
      dates.join(),
    );
    assert.ok((dates.at(-1) ?? 0) < Date.now() + PERIOD_MS, 'none is of the future');
    const totals = await json<Row>('/metrics/all');
    assert.is(totals.successful, sent, round);
    assert.is(
      rows.reduce((sum, { successful }) => sum + successful, 0),
      sent,
    );
    if (round === 'running on') assert.ok(server.said(SET_BACK) >= 1, 'the log says so');
    await server.stop();
    server = await startStepped(file);
  }
});

test.run();

function checkDates(rows: readonly Row[], periodCount: number): void {
  const dates = rows.map(({ date }) => date);
  for (const [index, date] of dates.entries()) {
    assert.is(date % PERIOD_MS, 0, 'aligned');
    assert.ok(index === 0 || date > (dates[index - 1] ?? 0), `${date} comes after ${dates[index - 1]}`);
  }
  // A step may cut a period short, which makes one more row. The first and the last are not whole either.
  const countMax = periodCount + OFFSETS_MS.length + 2;
  assert.ok(rows.length <= countMax, `${rows.length} rows in ${periodCount} periods`);
  const aheadMs = (dates.at(-1) ?? 0) - Date.now();
  assert.ok(Math.abs(aheadMs) < DATE_ERROR_MS, `the last is dated ${aheadMs} ms ahead, the clock being right`);
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
