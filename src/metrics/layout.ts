/**
 * Gives every family, labelset and bucket its cell in one flat Float64Array. In: the table and the values of its
 * labels; out: numbers. Names are resolved once at start, so nothing on the hot path knows a name. Any thread: the same
 * domains give the same layout, so only the domains cross the thread boundary.
 */
import assert from 'node:assert/strict';
import { FAMILIES, type FamilyName } from './families.js';
import type { Domains, Family } from './family.js';

/** One labelset of a family: where its values start and what its labels are. */
export interface Series {
  readonly cell: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PlacedFamily {
  readonly family: Family;
  /** In the order of the domains; the last label changes fastest. */
  readonly series: readonly Series[];
  /** How many words a series takes: 1, or for a histogram its buckets, `+Inf` and the sum. */
  readonly width: number;
}

export interface Layout {
  readonly families: readonly PlacedFamily[];
  /** float64 words in all. */
  readonly size: number;
  /**
   * The cell of a labelset; its values are in the order of the family's labels.
   * @throws {AssertionError} a value that the domain does not have; callers of `cellOf` pass constants.
   */
  cellOf(name: FamilyName, ...values: readonly string[]): number;
}

export function createLayout(domains: Domains): Layout {
  const families: PlacedFamily[] = [];
  const byName = new Map<string, PlacedFamily>();
  // A map, because one family has thousands of labelsets: searching them for each took a tenth of a second at the
  // start.
  const cells = new Map<string, number>();
  let size = 0;
  for (const family of FAMILIES as readonly Family[]) {
    const width = family.type === 'histogram' ? (family.buckets ?? []).length + 2 : 1;
    const series = combinations(family, domains).map((labels, i) => ({ cell: size + i * width, labels }));
    const placed = { family, series, width };
    families.push(placed);
    byName.set(family.name, placed);
    for (const { cell, labels } of series) cells.set(keyOf(family.name, Object.values(labels)), cell);
    size += series.length * width;
  }
  return {
    families,
    size,
    cellOf(name, ...values) {
      const placed = byName.get(name);
      assert(placed, `there is no family ${name}`);
      const wanted = Object.keys(placed.family.labels ?? {});
      assert.equal(values.length, wanted.length, `${name} has the labels ${wanted.join(', ')}`);
      const cell = cells.get(keyOf(name, values));
      assert(cell !== undefined, `${name} has no labelset ${values.join(', ')}`);
      return cell;
    },
  };
}

/** Label values are our own names or paths of routes, so none has a line break. */
function keyOf(name: string, values: readonly string[]): string {
  return [name, ...values].join('\n');
}

/** Every labelset of a family; one empty set for a family without labels. */
function combinations(family: Family, domains: Domains): Record<string, string>[] {
  let sets: Record<string, string>[] = [{}];
  for (const [label, domain] of Object.entries(family.labels ?? {})) {
    sets = sets.flatMap((set) => domains[domain].map((value) => ({ ...set, [label]: value })));
  }
  return sets;
}
