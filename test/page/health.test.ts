/**
 * The page says that sessions fail when they do, and not by chance, why, and whether that is worse than before.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Ended } from '../../src/page/figures.js';
import { healthOf, kindsOf, rateOf } from '../../src/page/health.js';
import { ended, recently } from './recents.js';

const test = suite('page/health');

function isFailing(last: Partial<Ended>): boolean {
  return healthOf(recently(last)).isFailing;
}

function textOf(last: Partial<Ended>, before: Partial<Ended> = {}): string {
  return healthOf(recently(last, before)).text;
}

test('of seventeen, nine that failed are too many, and more than before', () => {
  const failures = { navigation: 2, timeout: 5, page_crash: 1, error: 1 };
  const health = healthOf(recently({ successful: 8, failures }, { successful: 49, failures: { timeout: 1 } }));
  assert.equal(health, {
    isFailing: true,
    isRefusing: false,
    failedShare: 9 / 17,
    refusedShare: 0,
    endedCount: 17,
    refusedCount: 0,
    trend: 'up from 2 %',
    text:
      '9 of 17 sessions failed in the last 5 min (53 %, up from 2 %): ' +
      '5 timeout, 2 navigation, 1 page_crash, 1 error',
  });
});

test('one in seven is too many, fewer are not, and fewer than three may be chance', () => {
  assert.ok(isFailing({ successful: 18, failures: { error: 3 } }));
  assert.not.ok(isFailing({ successful: 19, failures: { error: 3 } }));
  assert.ok(isFailing({ failures: { timeout: 2, error: 1 } }));
  assert.not.ok(isFailing({ failures: { timeout: 2 } }));
});

test('what an operator has ended is no failure, and is told', () => {
  assert.not.ok(isFailing({ successful: 5, failures: { killed: 300 } }));
  assert.is(
    textOf({ successful: 5, failures: { killed: 300 } }),
    '5 of 5 sessions ended well in the last 5 min. 300 were ended by an operator',
  );
  assert.is(textOf({ failures: { killed: 1 } }), 'No session has ended in the last 5 min. 1 was ended by an operator');
  assert.is(healthOf(recently({ failures: { killed: 1 } })).failedShare, null);
});

test('says whether it was worse before, when there is something to compare with', () => {
  const half = { successful: 5, failures: { timeout: 5 } };
  const rest = 'of 10 sessions failed in the last 5 min';
  assert.is(textOf(half, half), `5 ${rest} (50 %, as before): 5 timeout`);
  assert.is(textOf(half, { failures: { error: 3 } }), `5 ${rest} (50 %, down from 100 %): 5 timeout`);
  assert.is(textOf(half, { failures: { error: 2 } }), `5 ${rest} (50 %): 5 timeout`, 'of two it may be chance');
  assert.is(textOf({ successful: 4 }, { failures: { error: 2 } }), '4 of 4 sessions ended well in the last 5 min');
  assert.is(textOf(half), `5 ${rest} (50 %): 5 timeout`);
  assert.is(textOf({ successful: 4 }, half), '4 of 4 sessions ended well in the last 5 min; 50 % failed before');
  assert.is(healthOf(recently({}, half)).trend, '');
  const few = { successful: 999, failures: { timeout: 1 } };
  assert.match(textOf(few, { successful: 3 }), '(under 1 %, up from 0 %)');
});

test('says since when, of a server that has only just started', () => {
  assert.is(textOf({ spanMs: 20_000 }), 'No session has ended since the server started');
});

test('names the reasons that there are most of, and counts the others', () => {
  const failures = { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 };
  assert.match(textOf({ failures }), '(100 %): 6 f, 5 e, 4 d, 3 c, 3 others');
});

test('many that were refused are told, but not those that left', () => {
  const refusals = { queue_full: 3, abandoned: 90 };
  const health = healthOf(recently({ successful: 18, refusals }));
  assert.equal([health.isRefusing, health.refusedCount, health.refusedShare], [true, 3, 1 / 7]);
  assert.is(health.text, '18 of 18 sessions ended well in the last 5 min. 3 refused: 3 queue_full');
  assert.not.ok(healthOf(recently({ successful: 19, refusals })).isRefusing);
  assert.not.ok(healthOf(recently({ refusals: { queue_full: 2 } })).isRefusing);
});

test('the rate is of the last minute, or of as much of it as the server was up', () => {
  const rate = (lastMinute: Partial<Ended>) => rateOf({ ...recently(), lastMinute: ended(lastMinute) });
  const counts = { successful: 5, failures: { killed: 1, timeout: 4 } };
  assert.equal(rate({ spanMs: 60_000, ...counts }), { perMinute: 10, overMs: 60_000 });
  assert.equal(rate({ spanMs: 15_000, ...counts }), { perMinute: 40, overMs: 15_000 });
  assert.is(rate({ spanMs: 500 }), null);
});

test('of each kind, what ended, failed and was refused, the most frequent first', () => {
  const kinds = {
    pdf: ended({ successful: 1, failures: { timeout: 1, killed: 5 } }),
    cdp: ended({ successful: 9, refusals: { queue_full: 2 } }),
    content: ended({ failures: { killed: 1 } }),
  };
  assert.equal(
    kindsOf({ ...recently(), kinds }).map(({ kind, ended: all, failed, refused }) => [kind, all, failed, refused]),
    [
      ['cdp', 9, 0, 2],
      ['pdf', 2, 1, 0],
    ],
  );
});

test.run();
