/**
 * Every series that a server must show from its first scrape on. Derived from the table of families and the values of
 * its labels, without the code that lays them out.
 */

import { pathsOf, ROUTES, UPGRADES } from '../../src/http/interface.js';
import { FAMILIES } from '../../src/metrics/families.js';
import type { Domains, Family } from '../../src/metrics/family.js';
import { SESSION_KINDS, TEST_KIND } from '../../src/protocol/jobs/jobs.js';
import { labelDomains } from '../../src/server/domains.js';
import type { Versions } from '../../src/server/versions.js';
import type { Sample } from '../metrics/views/exposition.js';

type Labels = Sample['labels'];

/** Keys of `keyOf`, sorted. Sparse families are left out, because their series come with their first value. */
export function expectedSeries(workers: number, versions: Versions): string[] {
  const switches = { apiGet: true, testSessions: true };
  const routes = [...new Set([...pathsOf(ROUTES, switches), ...pathsOf(UPGRADES, switches)])];
  const domains = labelDomains({ workers, kinds: [...SESSION_KINDS, TEST_KIND], routes, versions });
  return (FAMILIES as readonly Family[])
    .filter(({ sparse }) => !sparse)
    .flatMap((family) => seriesOf(family, domains))
    .sort();
}

export function isSparse(sample: Sample): boolean {
  return (FAMILIES as readonly Family[]).some(({ name, sparse }) => sparse && name === sample.name);
}

export function keyOf({ name, labels }: Pick<Sample, 'name' | 'labels'>): string {
  return name + JSON.stringify(Object.entries(labels).sort());
}

function seriesOf({ name, type, labels = {}, buckets = [], isSummed }: Family, domains: Domains): string[] {
  const choices = isSummed ? [] : Object.entries(labels).map(([label, domain]) => ({ label, values: domains[domain] }));
  const sets = choices.reduce<Labels[]>(
    (known, { label, values }) => known.flatMap((set) => values.map((value) => ({ ...set, [label]: value }))),
    [{}],
  );
  if (type !== 'histogram') return sets.map((set) => keyOf({ name, labels: set }));
  const bounds = [...buckets.map((bound) => (Number.isInteger(bound) ? `${bound}.0` : `${bound}`)), '+Inf'];
  return sets.flatMap((set) => [
    ...bounds.map((le) => keyOf({ name: `${name}_bucket`, labels: { ...set, le } })),
    keyOf({ name: `${name}_sum`, labels: set }),
    keyOf({ name: `${name}_count`, labels: set }),
  ]);
}
