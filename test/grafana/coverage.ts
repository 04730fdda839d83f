/**
 * Checks between the table of metrics and the queries, both ways. Every metric is shown or alerted on somewhere. Every
 * name, label and label value in a query is one that the table, a recording rule or Prometheus itself has.
 */

import { FAMILIES } from '../../src/metrics/families.js';
import type { Domains, Family } from '../../src/metrics/family.js';
import { groupingLabelsOf, type Matcher, type Selector, selectorsOf } from './promql.js';

export interface Expression {
  readonly where: string;
  readonly expr: string;
}

/** What Prometheus adds to every scrape or writes about alerts, with the labels used here. */
const OF_PROMETHEUS: Readonly<Record<string, readonly string[]>> = {
  up: [],
  scrape_duration_seconds: [],
  scrape_samples_scraped: [],
  ALERTS: ['alertname', 'alertstate'],
};
/** On every series, because the scrape adds them. */
const OF_TARGETS = ['job', 'instance'];

const families: ReadonlyMap<string, Family> = new Map(
  (FAMILIES as readonly Family[]).flatMap((family) =>
    (family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']).map((end) => [family.name + end, family]),
  ),
);

/** Families that no expression asks for. */
export function unusedFamilies(expressions: readonly Expression[]): string[] {
  const used = new Set(
    expressions.flatMap(({ expr }) => selectorsOf(expr).map(({ metric }) => families.get(metric)?.name)),
  );
  return FAMILIES.map(({ name }) => name).filter((name) => !used.has(name));
}

/** Metrics that nothing exposes. */
export function unknownMetrics(expressions: readonly Expression[], recordings: readonly string[]): string[] {
  return complaints(expressions, ({ metric }) =>
    families.has(metric) || recordings.includes(metric) || Object.hasOwn(OF_PROMETHEUS, metric) ? [] : [metric],
  );
}

/** Matchers that no series can match: a label that the metric lacks, or a value that the label never has. */
export function impossibleMatchers(expressions: readonly Expression[], domains: Domains): string[] {
  return complaints(expressions, ({ metric, matchers }) =>
    matchers
      .filter(({ label }) => !OF_TARGETS.includes(label))
      .filter((matcher) => !isPossible(metric, matcher, domains))
      .map(({ label, operator, value }) => `${metric}{${label}${operator}"${value}"}`),
  );
}

/** Labels that are grouped by and that none of the metrics of the expression has. */
export function impossibleGroupings(expressions: readonly Expression[]): string[] {
  return expressions.flatMap(({ where, expr }) => {
    const selected = selectorsOf(expr).map(({ metric }) => metric);
    // The name of a recording rule begins with the labels of its series: instance_worker:….
    const recorded = selected.flatMap((metric) =>
      metric.includes(':') ? (metric.split(':')[0]?.split('_') ?? []) : [],
    );
    const known = [...OF_TARGETS, ...recorded, ...selected.flatMap(labelsOf)];
    return groupingLabelsOf(expr)
      .filter((label) => !known.includes(label))
      .map((label) => `${where}: ${label}`);
  });
}

function isPossible(metric: string, { label, operator, value }: Matcher, domains: Domains): boolean {
  const family = families.get(metric);
  if (family === undefined) return OF_PROMETHEUS[metric]?.includes(label) ?? false;
  const domain = family.labels?.[label];
  if (domain === undefined || family.isSummed) return false;
  // Each alternative is checked alone, or a slip in one of them would go unnoticed.
  const patterns = operator.includes('~') ? value.split('|') : [value];
  return patterns.every((pattern) => domains[domain].some((one) => new RegExp(`^(?:${pattern})$`).test(one)));
}

function labelsOf(metric: string): string[] {
  const family = families.get(metric);
  if (family === undefined) return [...(OF_PROMETHEUS[metric] ?? [])];
  const labels = family.isSummed ? [] : Object.keys(family.labels ?? {});
  return metric.endsWith('_bucket') ? [...labels, 'le'] : labels;
}

function complaints(expressions: readonly Expression[], judge: (selector: Selector) => string[]): string[] {
  return expressions.flatMap(({ where, expr }) =>
    selectorsOf(expr)
      .flatMap(judge)
      .map((text) => `${where}: ${text}`),
  );
}
