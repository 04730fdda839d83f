/**
 * Counts of clients become deltas only when they are written, one for each cell.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLayout } from '../../src/metrics/layout.js';
import { type ClientTally, createClientTally } from '../../src/worker/client-tally.js';
import { createTally } from '../../src/worker/tally.js';
import { DOMAINS } from '../metrics/domains.js';

interface Scene {
  readonly deltas: [number, number][];
  readonly tally: ClientTally;
}

const test = suite<Scene>('worker/client-tally');
const layout = createLayout(DOMAINS);
const { cellOf } = layout;

test.before.each((scene) => {
  const deltas: Scene['deltas'] = [];
  Object.assign(scene, { deltas, tally: createClientTally((cell, value) => deltas.push([cell, value]), layout) });
});

test('a thousand frames are one delta, written once', ({ deltas, tally }) => {
  for (let i = 0; i < 1_000; i++) tally.frame('sent');
  tally.frame('received');
  tally.page();
  assert.equal(deltas, []);
  tally.flush();
  assert.equal(deltas, [
    [cellOf('headcount_cdp_frames_total', 'sent'), 1_000],
    [cellOf('headcount_cdp_frames_total', 'received'), 1],
    [cellOf('headcount_cdp_pages_total'), 1],
  ]);
  tally.flush();
  assert.is(deltas.length, 3);
});

test('a refused command is counted by its method, one that is not in the list as other', ({ deltas, tally }) => {
  for (const method of ['WebMCP.enable', 'Autofill.trigger', 'Not.there', 'constructor', 'WebMCP.enable']) {
    tally.refusal(method);
  }
  tally.flush();
  assert.equal(deltas, [
    [cellOf('headcount_cdp_refusals_total', 'other'), 2],
    [cellOf('headcount_cdp_refusals_total', 'Autofill.trigger'), 1],
    [cellOf('headcount_cdp_refusals_total', 'WebMCP.enable'), 2],
  ]);
});

test('the report of each second takes it along', ({ deltas }) => {
  const tally = createTally((cell, value) => deltas.push([cell, value]), layout, 0);
  tally.clients.page();
  const none = { activeMs: 0, idleMs: 0, heapUsedBytes: 0, contextsOpen: 0, pagesOpen: 0 };
  tally.report({ epochMs: 1, ...none });
  tally.report({ epochMs: 2, ...none });
  const pages = deltas.filter(([cell]) => cell === cellOf('headcount_cdp_pages_total'));
  assert.equal(pages, [[cellOf('headcount_cdp_pages_total'), 1]]);
});

test.run();
