/**
 * `/prometheus`: the text format 0.0.4 and OpenMetrics 1.0, from a snapshot's typed array. prom-client keeps the
 * registry of the families and names the content types; the rendering is ours, because each line's name and labels are
 * known beforehand and only the number has to be written. Seconds appear here and nowhere else. Main thread.
 */
import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client';
import type { Collector, Family } from '../family.js';
import type { Layout, PlacedFamily, Series } from '../layout.js';
import type { Snapshot } from '../snapshot.js';
import type { View } from './history.js';

export const FORMATS = ['text', 'openmetrics'] as const;
export type Format = (typeof FORMATS)[number];

export interface PrometheusView {
  render(snapshot: Snapshot, format: Format): View;
  readonly contentTypes: Readonly<{ [F in Format]: string }>;
  /** The families in prom-client's own terms: for the bench and the test that compare the two renderings. */
  readonly registries: { readonly text: Registry; readonly openmetrics: Registry<OpenMetricsContentType> };
}

export function createPrometheusView(layout: Layout): PrometheusView {
  const renderers = { text: createRenderer(layout, 'text'), openmetrics: createRenderer(layout, 'openmetrics') };
  let current: Snapshot | null = null;
  // Two registries: one OpenMetrics rendering by prom-client renames the counters of its registry for good.
  const registries = { text: new Registry(), openmetrics: new Registry<OpenMetricsContentType>() };
  registries.openmetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const placed of layout.families) {
    for (const format of FORMATS) {
      registries[format].registerMetric(asMetric(placed, () => current?.counters ?? new Float64Array(layout.size)));
    }
  }
  return {
    contentTypes: { text: registries.text.contentType, openmetrics: registries.openmetrics.contentType },
    registries,
    render(snapshot, format) {
      current = snapshot;
      return renderers[format](snapshot);
    },
  };
}

function createRenderer(layout: Layout, format: Format): (snapshot: Snapshot) => View {
  const families = layout.families.map((placed) => createFamilyRenderer(placed, format));
  // Only labels and helps can hold other characters, and with a value everywhere they are all there. Without such, the
  // text is copied into bytes instead of being encoded.
  const isAscii = /^[\0-\x7f]*$/.test(renderAll(families, new Float64Array(layout.size).fill(1)));
  const encoding = isAscii ? 'latin1' : 'utf8';
  let last: { readonly id: number; readonly view: View } | null = null;
  return (snapshot) => {
    if (last?.id === snapshot.id) return last.view;
    let text = renderAll(families, snapshot.counters, snapshot.failed);
    if (format === 'openmetrics') text += '# EOF\n';
    const view = { chunks: [Buffer.from(text, encoding)], tag: `${format}-${snapshot.id}` };
    last = { id: snapshot.id, view };
    return view;
  };
}

interface FamilyRenderer {
  readonly collector: Collector | undefined;
  readonly render: (words: Float64Array) => string;
}

function renderAll(families: readonly FamilyRenderer[], words: Float64Array, failed?: ReadonlySet<Collector>): string {
  let text = '';
  for (const { collector, render } of families) {
    if (collector === undefined || !failed?.has(collector)) text += render(words);
  }
  return text;
}

/**
 * One line: everything between the number before it and its own, and where that is. The end of the line before is part
 * of it, so that a line costs two appends.
 */
interface Line {
  readonly prefix: string;
  readonly slot: number;
}

function createFamilyRenderer(placed: PlacedFamily, format: Format): FamilyRenderer {
  const head = header(placed.family, format);
  const render = placed.family.type === 'histogram' ? histogramRenderer(placed, head) : plainRenderer(placed, head);
  return { collector: placed.family.collector, render };
}

function sumOf(series: readonly Series[], words: Float64Array): number {
  let sum = 0;
  for (const { slot } of series) sum += words[slot] ?? 0;
  return sum;
}

function plainRenderer({ family, series }: PlacedFamily, head: string): FamilyRenderer['render'] {
  const { name, divisor = 1 } = family;
  if (family.isSummed) return (words) => `${head}\n${name} ${sumOf(series, words) / divisor}\n`;
  const lines: Line[] = series.map((one) => ({ prefix: `\n${name}${braces(one.labels)} `, slot: one.slot }));
  const isSparse = family.sparse === true;
  return (words) => {
    let text = head;
    for (const { prefix, slot } of lines) {
      const value = words[slot] ?? 0;
      if (isSparse && value === 0) continue;
      text += prefix;
      text += value / divisor;
    }
    return `${text}\n`;
  };
}

function histogramRenderer({ family, series }: PlacedFamily, head: string): FamilyRenderer['render'] {
  const { name, divisor = 1 } = family;
  const bounds = [...(family.buckets ?? []).map(canonical), '+Inf'];
  const sets = series.map((one) => ({
    slot: one.slot,
    buckets: bounds.map((le) => `\n${name}_bucket${braces({ ...one.labels, le })} `),
    sum: `\n${name}_sum${braces(one.labels)} `,
    count: `\n${name}_count${braces(one.labels)} `,
  }));
  return (words) => {
    let text = head;
    for (const set of sets) {
      let count = 0;
      for (let i = 0; i < set.buckets.length; i++) {
        count += words[set.slot + i] ?? 0;
        text += set.buckets[i];
        text += count;
      }
      text += set.sum;
      text += (words[set.slot + set.buckets.length] ?? 0) / divisor;
      // The count is the sum of the buckets and not kept beside them, so the two can never disagree.
      text += set.count;
      text += count;
    }
    return `${text}\n`;
  };
}

/** OpenMetrics names a counter's family without the `_total` of its samples. */
function header({ name, type, help }: Family, format: Format): string {
  const title = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  const shown = format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped;
  return `# HELP ${title} ${shown}\n# TYPE ${title} ${type}`;
}

function braces(labels: Series['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join()}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** `1.0`, `0.25`: as OpenMetrics wants them, in both formats, or a change of format would change the series. */
function canonical(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

/** A family as prom-client sees a metric; `registerMetric` takes any object with a name and `get()`. */
function asMetric(placed: PlacedFamily, words: () => Float64Array): Metric {
  const { family } = placed;
  const metric = {
    name: family.name,
    help: family.help,
    type: family.type,
    aggregator: 'sum',
    labelNames: Object.keys(family.labels ?? {}),
    // prom-client renames a counter of an OpenMetrics registry, on the object itself, before it asks.
    get: async () => ({
      name: metric.name,
      help: family.help,
      type: family.type,
      aggregator: 'sum',
      values: samples(placed, words()),
    }),
    reset: () => {},
  };
  return metric as unknown as Metric;
}

function samples({ family, series }: PlacedFamily, words: Float64Array) {
  const divisor = family.divisor ?? 1;
  const name = family.name;
  if (family.isSummed) return [{ labels: {}, value: sumOf(series, words) / divisor }];
  return series.flatMap(({ slot, labels }) => {
    if (family.type !== 'histogram') {
      const value = (words[slot] ?? 0) / divisor;
      return family.sparse && value === 0 ? [] : [{ labels, value }];
    }
    const bounds = [...(family.buckets ?? []).map(canonical), '+Inf'];
    let count = 0;
    const buckets = bounds.map((le, i) => {
      count += words[slot + i] ?? 0;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    });
    const sum = (words[slot + bounds.length] ?? 0) / divisor;
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  });
}
