/**
 * The metrics kept the usual way: a counter, gauge or histogram of prom-client for each family, every labelset touched
 * and given the values of a snapshot, and the registry's own rendering. Kept for comparison.
 */

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Layout, PlacedFamily, Series } from '../../src/metrics/layout.js';

/** A registry with exactly the series of `counters`, float64[layout.size], that our view shows. */
export function createOwnRegistry(layout: Layout, counters: Float64Array): Registry {
  const registry = new Registry();
  for (const placed of layout.families) addFamily(registry, placed, counters);
  return registry;
}

function addFamily(registry: Registry, { family, series }: PlacedFamily, counters: Float64Array): void {
  const { name, help } = family;
  const labelNames = family.isSummed ? [] : Object.keys(family.labels ?? {});
  const options = { name, help, labelNames, registers: [registry] };
  const divisor = family.divisor ?? 1;
  const isShown = ({ cell }: Series): boolean => !family.sparse || counters[cell] !== 0;
  const shown = family.isSummed ? [{ cell: -1, labels: {} }] : series.filter(isShown);
  if (family.type === 'histogram') {
    const bounds = family.buckets ?? [];
    const histogram = new Histogram({ ...options, buckets: [...bounds] });
    for (const { cell, labels } of shown) {
      histogram.zero(labels);
      // One observation for each bucket that is not empty. The numbers differ from ours, the lines do not.
      for (const [i, le] of bounds.entries()) if (counters[cell + i] !== 0) histogram.observe(labels, le);
    }
  } else if (family.type === 'counter') {
    const counter = new Counter(options);
    for (const { cell, labels } of shown) counter.inc(labels, (counters[cell] ?? 0) / divisor);
  } else {
    const gauge = new Gauge(options);
    for (const { cell, labels } of shown) gauge.set(labels, (counters[cell] ?? 0) / divisor);
  }
}
