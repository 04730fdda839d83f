/**
 * Files of browserless, versions 1 and 2, whole and broken: what is taken, what is skipped, and what becomes of the
 * file.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRing } from '../../src/metrics/ring.js';
import { parseBrowserless } from '../../src/store/browserless.js';
import { createFakeClock } from '../metrics/fake-clock.js';
import { checkSums, type Folder, makeFolder, PERIOD_MS, rowsOf, START_MS, startLife } from './life.js';

const OPTIONS = { periods: 20, periodMs: PERIOD_MS, nowEpochMs: START_MS + 10 * PERIOD_MS + 1234 };

const test = suite<{ folder: Folder }>('store/browserless');

test.before.each((context) => {
  context.folder = makeFolder('browserless');
});
test.after.each(({ folder }) => folder.remove());

/** A row as version 1 wrote it; `at` is in periods. */
function v1(at: number, times: readonly number[], more: object = {}): object {
  return {
    date: START_MS + at * PERIOD_MS + 733,
    successful: times.length,
    queued: 2,
    rejected: 1,
    unhealthy: 0,
    memory: 0.5,
    cpu: 0.25,
    timedout: 0,
    totalTime: times.reduce((sum, ms) => sum + ms, 0),
    meanTime: 1,
    maxTime: Math.max(0, ...times),
    minTime: times.length > 0 ? Math.min(...times) : null,
    maxConcurrent: 3,
    sessionTimes: times,
    error: 0,
    ...more,
  };
}

function imported(text: string, options = OPTIONS) {
  const rows = parseBrowserless(text, options);
  assert.ok(rows, 'it is a file of browserless');
  const ring = createRing(options, options.nowEpochMs - (options.nowEpochMs % options.periodMs), rows);
  checkSums(ring);
  return { ...rows, shown: rowsOf(ring) };
}

test('version 1, an array: every figure, and what it did not have is computed', () => {
  const text = JSON.stringify([v1(0, [1200, 31_000, 90_001]), v1(1, [], { minTime: null, meanTime: null, cpu: null })]);
  const { shown, readCount, skippedCount } = imported(text);
  assert.equal([readCount, skippedCount], [2, 0]);
  const [first, second] = shown;
  assert.equal(
    { ...first, p50Time: 0, p95Time: 0, p99Time: 0 },
    {
      date: START_MS,
      successful: 3,
      queued: 2,
      rejected: 1,
      unhealthy: 0,
      memory: 0.5,
      cpu: 0.25,
      timedout: 0,
      totalTime: 122_201,
      meanTime: 122_201 / 3,
      maxTime: 90_001,
      minTime: 1200,
      maxConcurrent: 3,
      sessionTimes: [1200, 31_000, 90_001],
      error: 0,
      units: 1 + 2 + 4,
      running: 0,
      unauthorized: 0,
      expired: 0,
      abandoned: 0,
      unavailable: 0,
      p50Time: 0,
      p95Time: 0,
      p99Time: 0,
      queueTime: 0,
      maxQueueTime: 0,
      sessionTimesDropped: 0,
    },
  );
  assert.ok(Math.abs((first?.['p50Time'] ?? 0) - 31_000) < 31_000 * 0.05);
  assert.equal([second?.['minTime'], second?.['meanTime'], second?.['cpu']], [0, 0, 0]);
});

test('version 2, an object a line; rows of one period become one', () => {
  const lines = [
    { ...v1(0, [100]), units: 9 },
    { ...v1(0, [50, 70]), date: START_MS + 5, units: 1, error: 1, successful: 1 },
    { ...v1(2, [5]), unauthorized: 4 },
  ];
  const { shown, readCount } = imported(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  assert.is(readCount, 3);
  const [first, second] = shown;
  assert.equal([first?.['successful'], first?.['error'], first?.['units']], [2, 1, 10]);
  assert.equal([first?.sessionTimes, first?.['minTime'], first?.['queued']], [[50, 70, 100], 50, 4]);
  assert.equal([second?.['date'], second?.['unauthorized']], [START_MS + 2 * PERIOD_MS, 4]);
});

test('junk is skipped and counted, between rows and instead of them', () => {
  const row = (at: number): string => JSON.stringify(v1(at, [at + 1]));
  const lines = [
    row(0),
    'not json',
    '{"half": ',
    row(1),
    '{"a":1}',
    'null',
    '{"date":"yesterday","successful":1}',
    '{"date":-5,"successful":1}',
    `{"date":${START_MS},"successful":1e300}`,
    row(2),
    row(-500),
    row(11),
    '{"date":1700',
  ];
  const { shown, readCount, skippedCount } = imported(lines.join('\n'));
  assert.equal(
    shown.slice(0, -1).map(({ sessionTimes }) => sessionTimes),
    [[1], [2], [3]],
  );
  assert.is(readCount, 3);
  assert.ok(skippedCount >= 8, `${skippedCount} skipped`);
});

test('an array that was cut keeps its whole rows', () => {
  const text = JSON.stringify([v1(0, [1]), v1(1, [2]), v1(2, [3])]);
  for (const length of [text.length - 1, text.length - 2, text.length - 50]) {
    const { readCount } = imported(text.slice(0, length));
    assert.is(readCount, length === text.length - 1 ? 3 : 2);
  }
});

test('figures that disagree with the session times win, and the times are dropped', () => {
  const more = { successful: 6, error: 2, timedout: 2, totalTime: 9000, maxTime: 2500, minTime: 40 };
  for (const times of [[100, 200], Array(50).fill(900), [], ['x', null, -1]]) {
    const { shown } = imported(
      JSON.stringify([v1(0, [100]), { ...v1(1, [], more), sessionTimes: times }, v1(2, [300])]),
    );
    assert.equal(
      shown.slice(0, 3).map(({ sessionTimes }) => sessionTimes),
      [[100], [], [300]],
    );
    const row = shown[1] ?? {};
    assert.equal(
      ['successful', 'error', 'timedout', 'totalTime', 'maxTime', 'minTime', 'sessionTimesDropped'].map(
        (name) => row[name as keyof typeof row],
      ),
      [6, 2, 2, 9000, 2500, 40, 10],
    );
  }
});

test('other periods of ours: shorter and longer', () => {
  const text = JSON.stringify([v1(0, [1]), v1(1, [2]), v1(2, [3])]);
  const hours = imported(text, { ...OPTIONS, periodMs: 3_600_000 });
  assert.equal(
    hours.shown.flatMap(({ sessionTimes }) => sessionTimes),
    [1, 2, 3],
  );
  const minutes = imported(text, { ...OPTIONS, periods: 100, periodMs: 60_000 });
  assert.ok(minutes.shown.every(({ date }) => (date ?? 1) % 60_000 === 0));
});

test('what is no file of browserless is none; an empty array is', () => {
  for (const text of ['{}', '{"name":"x"}', '[1,2]', '{"date":0,"successful":1}', '[', '{']) {
    assert.is(parseBrowserless(text, OPTIONS), null, text);
  }
  assert.is(parseBrowserless(' [ ]\n', OPTIONS)?.rows.length, 0);
});

test('at the path of the history it is imported once, and kept under another name', async ({ folder }) => {
  const clock = createFakeClock(OPTIONS.nowEpochMs);
  const texts = {
    'v1.json': JSON.stringify([v1(0, [10, 20]), v1(10, [30])]),
    'v2.json': `${[v1(0, [10, 20]), v1(10, [30])].map((row) => JSON.stringify(row)).join('\n')}\njunk\n`,
  };
  for (const [name, text] of Object.entries(texts)) {
    const path = folder.of(name);
    writeFileSync(path, text);
    const first = await startLife({ path, periods: 20, clock });
    assert.equal(
      first.rows().map(({ sessionTimes }) => sessionTimes),
      [[10, 20], [30]],
    );
    first.session(40);
    await first.history.flush();
    assert.is(readFileSync(`${path}.imported`, 'utf8'), text);
    assert.match(first.logs.join('\n'), name === 'v1.json' ? /2 rows .* imported .* 0 skipped/ : /warn .* 1 skipped/);
    await first.history.close();
    const second = await startLife({ path, periods: 20, clock });
    assert.equal(
      second.rows().map(({ sessionTimes }) => sessionTimes),
      [
        [10, 20],
        [30, 40],
      ],
      'not imported again',
    );
    await second.history.close();
  }
  assert.is(readdirSync(folder.path).length, 4);
});

test('an import that is stopped before its file was made begins again', async ({ folder }) => {
  const path = folder.of('metrics.json');
  writeFileSync(path, JSON.stringify([v1(0, [10])]));
  const clock = createFakeClock(OPTIONS.nowEpochMs);
  const first = await startLife({ path, periods: 20, clock, isAttached: false });
  await first.history.close();
  assert.not.ok(existsSync(`${path}.imported`));
  const second = await startLife({ path, periods: 20, clock });
  assert.equal(second.rows()[0]?.sessionTimes, [10]);
  await second.history.close();
});

test.run();
