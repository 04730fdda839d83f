/**
 * Rendering `/prometheus`. A fresh snapshot is rendered at least 8 times as fast as prom-client renders the same
 * series, the same snapshot again at least 100 times as fast. Compared with prom-client used the usual way. To inform,
 * also with prom-client reading our typed array through `registerMetric`.
 */

import type { FamilyName } from '../../src/metrics/families.js';
import type { Series } from '../../src/metrics/layout.js';
import { type Core, createCore, runSession, textOf } from '../../test/metrics/core.js';
import { EVERYTHING } from '../../test/metrics/views/selections.js';
import { createOwnRegistry } from '../alternatives/prom-client-registry.js';
import { medianMs, ratioOf } from '../measure.js';
import type { BenchRow } from '../row.js';

const FRESH_TIMES = 8;
const AGAIN_TIMES = 100;
/** So many that a call is long enough to be timed. */
const AGAIN_BATCH = 1000;

export async function run(): Promise<BenchRow[]> {
  const core = createCore();
  useAll(core);
  const snapshot = core.snapshot();
  const registry = createOwnRegistry(core.layout, snapshot.counters);
  const lines = textOf(core.prometheus.render(snapshot, 'text')).split('\n').length;
  const theirLines = (await registry.metrics()).split('\n').filter((line) => line !== '').length;
  if (theirLines !== lines - 1) throw new Error(`prom-client renders ${theirLines} lines, we ${lines - 1}`);
  let id = snapshot.id;
  const ms = await medianMs({
    fresh: () => core.prometheus.render({ ...snapshot, id: ++id }, 'text'),
    openmetrics: () => core.prometheus.render({ ...snapshot, id: ++id }, 'openmetrics'),
    taken: () => {
      core.clock.pass(100);
      return core.prometheus.render(core.snapshot(), 'text');
    },
    again: () => {
      for (let i = 0; i < AGAIN_BATCH; i++) core.prometheus.render(snapshot, 'text');
    },
    own: () => registry.metrics(),
    registered: () => core.prometheus.registries.text.metrics(),
  });
  const own = { with: 'prom-client', value: ms.own };
  const row = (claim: string, ours: number, times: number): BenchRow => {
    const ratio = ratioOf(ms.own, ours);
    return { claim, ours, compared: own, ratio, target: `>= ${times} ×`, isMet: ratio >= times };
  };
  return [
    row(`ms to render a fresh snapshot, ${lines - 1} lines of text`, ms.fresh, FRESH_TIMES),
    row('ms to render a fresh snapshot as OpenMetrics', ms.openmetrics, FRESH_TIMES),
    row('ms to take a snapshot and render it', ms.taken, FRESH_TIMES),
    row('ms to render the same snapshot again', ms.again / AGAIN_BATCH, AGAIN_TIMES),
    {
      claim: 'ms to render a fresh snapshot',
      ours: ms.fresh,
      compared: { with: 'prom-client over our array', value: ms.registered },
      ratio: ratioOf(ms.registered, ms.fresh),
      target: null,
      isMet: null,
    },
  ];
}

/** A server in use: sessions of all lengths, requests of every route. */
function useAll(core: Core): void {
  for (let i = 0; i < 5000; i++) runSession(core, (i * 37) % 60_000, i % 50 === 0 ? 'error' : undefined);
  for (const { cell } of seriesOf(core, 'headcount_http_request_duration_seconds')) {
    for (let ms = 1; ms < 3000; ms *= 2) core.record(cell, ms);
  }
  for (const { cell, labels } of seriesOf(core, 'headcount_http_requests_total')) {
    if (labels['code'] === '200' && labels['method'] !== 'other') core.record(cell, 12_345);
  }
  core.history(core.snapshot(), EVERYTHING);
}

function seriesOf({ layout }: Core, name: FamilyName): readonly Series[] {
  return layout.families.find(({ family }) => family.name === name)?.series ?? [];
}
