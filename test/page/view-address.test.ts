/**
 * A view is the same after it has been an address, and an address that makes no sense is none.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { View } from '../../src/page/view.js';
import { fragmentOf, viewFrom } from '../../src/page/view-address.js';

const test = suite('page/view-address');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 10, 27, 12);
const BOUNDS = { nowMs: NOW_MS, retentionMs: 7 * DAY_MS, spanMsMin: 600_000 };

function same(view: View, fragment: string): void {
  assert.is(fragmentOf(view), fragment);
  assert.equal(viewFrom(fragment, BOUNDS), view);
}

test('a view that ends now is said by its span, in the largest unit that fits', () => {
  same({ kind: 'latest', spanMs: 6 * HOUR_MS }, '#last=6h');
  same({ kind: 'latest', spanMs: 7 * DAY_MS }, '#last=7d');
  same({ kind: 'latest', spanMs: 90 * 60_000 }, '#last=90m');
  same({ kind: 'latest', spanMs: 4_321_000 }, '#last=4321s');
});

test('one that stands still is said by its ends, to the second', () => {
  const fragment = '#from=2026-11-26T10:00:00Z&to=2026-11-26T11:30:15Z';
  same({ kind: 'fixed', fromMs: Date.UTC(2026, 10, 26, 10), toMs: Date.UTC(2026, 10, 26, 11, 30, 15) }, fragment);
  assert.is(
    fragmentOf({ kind: 'fixed', fromMs: 1_000.4, toMs: 4_999.9 }),
    '#from=1970-01-01T00:00:01Z&to=1970-01-01T00:00:05Z',
  );
});

test('one that reaches too far is moved to where there is something', () => {
  const week = { kind: 'latest', spanMs: 7 * DAY_MS };
  assert.equal(viewFrom('#last=99d', BOUNDS), week);
  assert.equal(viewFrom('#last=1s', BOUNDS), { kind: 'latest', spanMs: 600_000 });
  assert.equal(viewFrom('#from=2026-11-27T11:00Z&to=2026-11-28T11:00Z', BOUNDS), { kind: 'latest', spanMs: DAY_MS });
  assert.equal(viewFrom('#last=7d', { ...BOUNDS, retentionMs: DAY_MS }), week, 'which a button offers');
});

test('nonsense names no view', () => {
  const odd = ['', '#', '#main', '#last=', '#last=-1h', '#last=0h', '#last=1e9h', '#last=1w', '#last=9999999999h'];
  const half = ['#from=2026-11-27T11:00Z', '#to=2026-11-27T11:00Z', '#from=x&to=y', '#from=2026-11-27&to=2026-11-27'];
  const gone = ['#from=2026-11-01&to=2026-11-02', '#from=2027-01-01&to=2027-01-02'];
  for (const fragment of [...odd, ...half, ...gone]) assert.is(viewFrom(fragment, BOUNDS), null, fragment);
});

test.run();
