/**
 * Moving and zooming: every view stays within the week, and one that reaches now goes along with the clock.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pan, rangeOf, spanFor, type View, within, zoom } from '../../src/page/view.js';

const test = suite('page/view');
const HOUR_MS = 3_600_000;
const nowMs = 1_000 * HOUR_MS;
const bounds = { nowMs, retentionMs: 168 * HOUR_MS, spanMsMin: HOUR_MS / 6 };
const lastHour: View = { kind: 'latest', spanMs: HOUR_MS };

/** In hours before now. */
function seen(view: View): [from: number, to: number] {
  const { fromMs, toMs } = rangeOf(view, nowMs);
  return [(nowMs - fromMs) / HOUR_MS, (nowMs - toMs) / HOUR_MS];
}

test('the first view is the shortest that shows everything', () => {
  const spans = [0, 1, 1.01, 23, 25, 168, 500].map((hours) => seen(spanFor(nowMs - hours * HOUR_MS, nowMs))[0]);
  assert.equal(spans, [1, 1, 6, 24, 168, 168, 168]);
});

test('moves by half of what is in view, and goes along with the clock again at its end', () => {
  const earlier = pan(lastHour, -1, bounds);
  assert.equal(seen(earlier), [1.5, 0.5]);
  assert.is(earlier.kind, 'fixed');
  const back = pan(earlier, 1, bounds);
  assert.equal(back, lastHour);
  assert.equal(pan(back, 1, bounds), lastHour);
});

test('moves no further back than the history goes', () => {
  let view: View = { kind: 'latest', spanMs: 100 * HOUR_MS };
  for (let i = 0; i < 5; i++) view = pan(view, -1, bounds);
  assert.equal(seen(view), [168, 68]);
});

test('zooms about the middle, or about now for a view that ends there', () => {
  assert.equal(seen(zoom(lastHour, 0.5, bounds)), [0.5, 0]);
  assert.equal(seen(zoom(pan(lastHour, -1, bounds), 0.5, bounds)), [1.25, 0.75]);
});

test('shows no less than the least span and no more than the history', () => {
  assert.equal(seen(within({ fromMs: nowMs - HOUR_MS, toMs: nowMs - HOUR_MS + 1 }, bounds))[0].toFixed(2), '1.08');
  let view: View = pan(lastHour, -1, bounds);
  for (let i = 0; i < 12; i++) view = zoom(view, 2, bounds);
  assert.equal(view, { kind: 'latest', spanMs: bounds.retentionMs });
});

test.run();
