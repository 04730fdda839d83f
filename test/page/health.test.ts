/**
 * The page says that sessions fail when they do, and not by chance, of the last minutes only, and why.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REJECTION_REASONS } from '../../src/failures.js';
import type { Failure, Row } from '../../src/page/figures.js';
import { clock } from '../../src/page/format.js';
import { healthOf, REFUSALS } from '../../src/page/health.js';
import { rowAt } from './rows.js';

const test = suite('page/health');
const PERIOD_MS = 300_000;
/** In the middle of the period that starts at 2 periods. */
const NOW = { nowMs: 2.5 * PERIOD_MS, periodMs: PERIOD_MS };

function failure(reason: string, when: number): Failure {
  return { id: 'x', kind: 'pdf', reason, message: '', host: null, status: null, when };
}

function isFailing(...rows: Row[]): boolean {
  return healthOf(rows, [], NOW).isFailing;
}

test('of seventeen, nine that failed are too many', () => {
  const rows = [rowAt(PERIOD_MS, { successful: 8, error: 2 }), rowAt(2 * PERIOD_MS, { error: 4, timedout: 3 })];
  const at = 1.7 * PERIOD_MS;
  const failures = [...'tttnnk'].map((one) => failure({ t: 'timeout', n: 'navigation', k: 'killed' }[one] ?? '', at));
  const health = healthOf(rows, [...failures, failure('queue_full', at), failure('launch', 1)], NOW);
  const since = `since ${clock(PERIOD_MS)}`;
  assert.equal(health, {
    isFailing: true,
    failedShare: 9 / 17,
    text: `9 of 17 sessions failed ${since} (53 %): 3 timeout, 2 navigation, 1 killed`,
  });
});

test('one in seven is too many, fewer are not, and fewer than three may be chance', () => {
  assert.ok(isFailing(rowAt(2 * PERIOD_MS, { successful: 18, error: 3 })));
  assert.not.ok(isFailing(rowAt(2 * PERIOD_MS, { successful: 19, error: 3 })));
  assert.ok(isFailing(rowAt(2 * PERIOD_MS, { timedout: 3 })));
  assert.not.ok(isFailing(rowAt(2 * PERIOD_MS, { timedout: 2 })));
});

test('what failed before the last minutes is over', () => {
  const bad = { error: 9 };
  assert.not.ok(isFailing(rowAt(0, bad), rowAt(PERIOD_MS), rowAt(2 * PERIOD_MS)));
  assert.ok(isFailing(rowAt(PERIOD_MS, bad), rowAt(2 * PERIOD_MS)));
  const late = { ...NOW, nowMs: 3 * PERIOD_MS };
  assert.not.ok(healthOf([rowAt(PERIOD_MS, bad), rowAt(2 * PERIOD_MS)], [], late).isFailing);
});

test('says that all ended well, or that none ended', () => {
  const since = `since ${clock(2 * PERIOD_MS)}`;
  const textOf = (figures: Partial<Row>): string => healthOf([rowAt(2 * PERIOD_MS, figures)], [], NOW).text;
  assert.is(textOf({ successful: 5, rejected: 7 }), `All of 5 sessions ended well ${since}`);
  assert.is(textOf({}), `No session has ended ${since}`);
  assert.is(textOf({ successful: 99, error: 1 }), `1 of 100 sessions failed ${since} (1 %)`, 'the reason is not known');
});

test('a request that never ran is no session that failed', () => {
  assert.equal([...REFUSALS].sort(), [...REJECTION_REASONS].sort());
});

test.run();
