/**
 * Long views are asked for as many rows as there is room for, the latest question counts, and counts are those of a
 * period.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Api } from '../../src/page/api.js';
import type { MergedRow } from '../../src/page/figures.js';
import { pointsOf } from '../../src/page/points.js';
import { createSteps, perPeriod, stepCount } from '../../src/page/steps.js';
import { rowAt } from './rows.js';

const test = suite('page/steps');
const PERIOD_MS = 10_000;

function mergedAt(date: number, periods: number, figures: Partial<MergedRow> = {}): MergedRow {
  return { ...rowAt(date, figures), until: date + periods * PERIOD_MS, periods };
}

/** Answers when told to. */
function createAsked() {
  const paths: string[] = [];
  const answers: ((value: unknown) => void)[] = [];
  const json: Api['json'] = (path) => {
    paths.push(path);
    return new Promise((resolve) => answers.push(resolve));
  };
  const api: Api = { json, stream: () => Promise.reject(Error('none')), kill: () => Promise.reject(Error('none')) };
  return { api, paths, answers };
}

test('counts are means of the periods, peaks and times stay', () => {
  const row = perPeriod(mergedAt(0, 4, { successful: 8, error: 1, maxConcurrent: 3, p95Time: 70, cpu: 0.5 }));
  assert.equal(
    [row.successful, row.error, row.maxConcurrent, row.p95Time, row.cpu, row.date, row.until],
    [2, 0.25, 3, 70, 0.5, 0, 40_000],
  );
});

test('there is room for some, and for one at the least', () => {
  assert.is(stepCount(600), 200);
  assert.is(stepCount(0), 1);
});

test('asks for the view from the start of a period, and shows the answer to the latest question only', async () => {
  const { api, paths, answers } = createAsked();
  const shown: number[] = [];
  const steps = createSteps({ api, periodMs: PERIOD_MS, show: (rows) => shown.push(rows.length) });
  const first = steps.ask({ fromMs: 15_000, toMs: 99_000 }, 5);
  const second = steps.ask({ fromMs: -1, toMs: 50_000 }, 3);
  assert.equal(paths, ['metrics?points=5&since=10000&until=99000', 'metrics?points=3&since=0&until=50000']);
  answers[1]?.([mergedAt(0, 4)]);
  await second;
  answers[0]?.([mergedAt(0, 4), mergedAt(40_000, 4)]);
  await first;
  assert.equal(shown, [1]);
});

test('shows nothing of what is dropped, or cannot be read', async () => {
  const { api, answers } = createAsked();
  const steps = createSteps({ api, periodMs: PERIOD_MS, show: () => assert.unreachable() });
  const dropped = steps.ask({ fromMs: 0, toMs: 9 }, 2);
  steps.drop();
  answers[0]?.([mergedAt(0, 1)]);
  await dropped;
  const unreadable = steps.ask({ fromMs: 0, toMs: 9 }, 2);
  answers[1]?.([rowAt(0)]);
  await unreadable;
});

test('a merged row is a step up to its own end, with the gap after it', () => {
  const rows = [mergedAt(0, 4), mergedAt(60_000, 2), mergedAt(80_000, 4)];
  assert.equal(pointsOf(rows, { periodMs: PERIOD_MS, nowMs: 95_000 }).seconds, [0, 40, 60, 80, 95]);
});

test.run();
