/**
 * The exports: JSON to the byte as `/metrics` has it, CSV by column, OpenMetrics as its strict readers want it, and all
 * of it while a server is writing.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FIELDS } from '../../src/metrics/fields.js';
import { createHistoryView } from '../../src/metrics/views/history.js';
import { createRowTexts } from '../../src/metrics/views/rows.js';
import { type ExportFormat, type ExportOptions, exportHistory } from '../../src/store/export.js';
import { EVERYTHING } from '../metrics/views/selections.js';
import { type Folder, type JsonRow, type Life, makeFolder, PERIOD_MS, START_MS, startLife } from './life.js';

const test = suite<{ folder: Folder }>('store/export');

test.before.each((context) => {
  context.folder = makeFolder('export');
});
test.after.each(({ folder }) => folder.remove());

async function exported(
  path: string,
  format: ExportFormat,
  nowEpochMs?: number,
  range: Pick<ExportOptions, 'sinceMs' | 'untilMs'> = {},
): Promise<string> {
  let text = '';
  await exportHistory({
    path,
    format,
    ...range,
    ...(nowEpochMs === undefined ? {} : { nowEpochMs }),
    write(piece) {
      text += piece;
    },
  });
  return text;
}

async function threeRows(path: string): Promise<Life> {
  const life = await startLife({ path });
  life.session(1500);
  life.session(2500, 'timeout');
  life.nextPeriod();
  life.nextPeriod();
  life.session(40, 'error');
  life.start();
  await life.history.flush();
  return life;
}

test('JSON is what /metrics answers, while the server runs', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const life = await threeRows(path);
  const { ring } = life;
  const view = createHistoryView({ texts: createRowTexts(ring), retentionMs: 4 * PERIOD_MS });
  const snapshot = { id: 1, version: 1, counters: new Float64Array(0), failed: new Set<never>(), ring };
  const { chunks } = view(snapshot, EVERYTHING);
  assert.is(await exported(path, 'json'), `${Buffer.concat(chunks).toString()}\n`);
  await life.history.close();
});

test('rows from beyond the present are dated anew, as a server would that starts now', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const life = await startLife({ path });
  life.session(1);
  life.nextPeriod();
  life.clock.step(83 * 365 * 86_400_000);
  life.fold.roll();
  life.session(2);
  await life.history.close();
  const now = START_MS + 2 * PERIOD_MS + 1;
  const rows: JsonRow[] = JSON.parse(await exported(path, 'json', now));
  assert.equal(
    rows.map(({ date, sessionTimes }) => [date, sessionTimes]),
    [
      [START_MS, [1]],
      [START_MS + PERIOD_MS, []],
      [START_MS + 2 * PERIOD_MS, [2]],
    ],
  );
  const lines = (await exported(path, 'csv', now)).trimEnd().split('\n').slice(1);
  assert.equal(
    lines.map((line) => line.split(',').slice(1, 3).map(Number)),
    rows.map(({ date, successful }) => [date, successful]),
  );
  const samples = (await exported(path, 'openmetrics', now)).matchAll(
    /^headcount_history_sessions_total (\d+) (\d+)/gm,
  );
  assert.equal(
    [...samples].map(([, count, at]) => [Number(count), Number(at)]),
    [
      [0, START_MS / 1000],
      [1, (START_MS + PERIOD_MS) / 1000],
      [1, (START_MS + 2 * PERIOD_MS) / 1000],
      [2, (START_MS + 3 * PERIOD_MS) / 1000],
    ],
  );
});

test('CSV has a line a row, all columns but the session times', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const life = await threeRows(path);
  const [head, ...lines] = (await exported(path, 'csv')).trimEnd().split('\n');
  const [isoDate, ...names] = head?.split(',') ?? [];
  assert.is(isoDate, 'isoDate');
  assert.equal(
    names,
    FIELDS.map(({ name }) => name).filter((name) => name !== 'sessionTimes'),
  );
  const rows = life.rows();
  assert.is(lines.length, rows.length);
  for (const [i, line] of lines.entries()) {
    const row = rows[i] ?? {};
    const [iso = '', ...figures] = line.split(',');
    assert.is(iso, new Date(figures[0] === undefined ? Number.NaN : Number(figures[0])).toISOString());
    assert.equal(
      figures.map(Number),
      names.map((name) => row[name as keyof typeof row]),
    );
  }
  await life.history.close();
});

test('rows are selected by the start of their period, in every format', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const life = await threeRows(path);
  const [first, second, third] = [START_MS, START_MS + PERIOD_MS, START_MS + 2 * PERIOD_MS];
  const datesOf = async (range: Pick<ExportOptions, 'sinceMs' | 'untilMs'>): Promise<number[]> => {
    const rows: JsonRow[] = JSON.parse(await exported(path, 'json', undefined, range));
    const lines = (await exported(path, 'csv', undefined, range)).trimEnd().split('\n').slice(1);
    const dates = rows.map(({ date = Number.NaN }) => date);
    assert.equal(
      lines.map((line) => line.split(',')[0]),
      dates.map((date) => new Date(date).toISOString()),
    );
    return dates;
  };
  assert.equal(await datesOf({ sinceMs: second }), [second, third]);
  assert.equal(await datesOf({ sinceMs: second + 1 }), [third]);
  assert.equal(await datesOf({ untilMs: third }), [first, second]);
  assert.equal(await datesOf({ sinceMs: second, untilMs: third }), [second]);
  assert.equal(await datesOf({ sinceMs: third + 1 }), []);
  const text = await exported(path, 'openmetrics', undefined, { sinceMs: third });
  const counts = [...text.matchAll(/^headcount_history_sessions_total (\d+) /gm)].map(([, count]) => Number(count));
  assert.equal(counts, [0, 1], 'counted from the first that is selected');
  await life.history.close();
});

test('OpenMetrics: counters go on, times go up, and it ends as it must', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const life = await threeRows(path);
  const text = await exported(path, 'openmetrics');
  assert.ok(text.endsWith('\n# EOF\n'));
  assert.not.match(text, / {2}|\n\n/);
  const series = new Map<string, { value: number; at: number }[]>();
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const match = /^(\S+) (\S+) (\S+)$/.exec(line);
    assert.ok(match, line);
    const [, name = '', value, at] = match;
    series.set(name, [...(series.get(name) ?? []), { value: Number(value), at: Number(at) * 1000 }]);
  }
  for (const [name, samples] of series) {
    for (const [i, { at, value }] of samples.entries()) {
      const before = samples[i - 1];
      if (!before) continue;
      assert.ok(at > before.at, `${name}: ${at} after ${before.at}`);
      if (name.includes('_total')) assert.ok(value >= before.value, `${name} falls`);
    }
  }
  const of = (name: string) => series.get(`headcount_history_${name}`)?.map(({ value }) => value);
  assert.equal(of('sessions_total'), [0, 2, 2, 3]);
  assert.equal(of('session_seconds_total'), [0, 4, 4, 4.04]);
  assert.equal(of('session_failures_total{reason="timeout"}'), [0, 1, 1, 1]);
  assert.equal(of('sessions_running'), [0, 0, 1]);
  assert.equal(of('session_duration_quantile_seconds{quantile="1"}'), [2.5, 0.04], 'a row without sessions has none');
  const starts = series.get('headcount_history_sessions_total')?.map(({ at }) => at);
  assert.equal(starts?.slice(0, 3), [START_MS, START_MS + PERIOD_MS, START_MS + 2 * PERIOD_MS]);
  await life.history.close();
});

test('reads a file that is written all the time', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const life = await threeRows(path);
  let isDone = false;
  const writing = (async () => {
    while (!isDone) {
      life.session(5);
      await life.history.flush();
    }
  })();
  for (let i = 0; i < 30; i++) {
    const rows: unknown = JSON.parse(await exported(path, 'json'));
    assert.is(Array.isArray(rows) && rows.length, 3);
  }
  isDone = true;
  await writing;
  await life.history.close();
});

test('a file without rows, and one that is none', async ({ folder }) => {
  await fails(exported(folder.of('missing'), 'json'), /no history file/);
  await fails(exported(folder.path, 'json'), /is not a file/);
  const life = await startLife({ path: folder.of('new.ring') });
  await life.history.close();
  assert.is(JSON.parse(await exported(folder.of('new.ring'), 'json')).length, 1);
});

test.run();

async function fails(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  const error = await promise.then(
    () => assert.unreachable('it does not fail'),
    (reason: unknown) => reason,
  );
  assert.match(String(error), pattern);
}
