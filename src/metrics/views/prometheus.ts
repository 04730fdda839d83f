/**
 * `/prometheus`: the text format 0.0.4 and OpenMetrics 1.0, from a snapshot's typed array. prom-client keeps the
 * registry of the families and names the content types. The rendering is ours: each line's name and labels are known
 * beforehand, so only the number has to be written. Seconds appear here and nowhere else. Main thread.
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
  /** The families in prom-client's own terms, for the bench and the test that compare the two renderings. */
  readonly registries: { readonly text: Registry; readonly openmetrics: Registry<OpenMetricsContentType> };
}

export function createPrometheusView(layout: Layout): PrometheusView {
  const renderers = { text: createRenderer(layout, 'text'), openmetrics: createRenderer(layout, 'openmetrics') };
  let current: Snapshot | null = null;
  // Two registries, because one OpenMetrics rendering by prom-client renames the counters of its registry for good.
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
  const families = layout.families.map((placed) => ({
    collector: placed.family.collector,
    head: flat(header(placed.family, format)),
    isSparse: placed.family.sparse === true,
    lines: linesOf(placed),
  }));
  // Only labels and helps can hold other characters. In a rendering with a value everywhere, all of them appear. If
  // there are none, the text is copied into bytes instead of being encoded.
  const isAscii = /^[\0-\x7f]*$/.test(renderAll(families, new Float64Array(layout.size).fill(1), new Set()));
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

/**
 * A line shows a sum of words, divided by `divisor`. The words are [from, to): a single word, or one of each worker, or
 * those of a histogram's bucket and of all buckets below it. `prefix` is the text between the number before and this
 * line's, so a line costs two appends. `zero` is `prefix` with a 0 behind it, because most lines show 0.
 */
interface Line {
  readonly prefix: string;
  readonly zero: string;
  readonly from: number;
  readonly to: number;
  readonly divisor: number;
}

interface FamilyLines {
  readonly collector: Collector | undefined;
  readonly head: string;
  readonly isSparse: boolean;
  readonly lines: readonly Line[];
}

/** Appends two pieces for each line to one text, and allocates nothing else. */
function renderAll(families: readonly FamilyLines[], words: Float64Array, failed: ReadonlySet<Collector>): string {
  let text = '';
  for (const { collector, head, isSparse, lines } of families) {
    if (collector !== undefined && failed.has(collector)) continue;
    text += head;
    for (const { prefix, zero, from, to, divisor } of lines) {
      let sum = 0;
      for (let i = from; i < to; i++) sum += words[i] ?? 0;
      if (sum !== 0) {
        text += prefix;
        text += sum / divisor;
      } else if (!isSparse) text += zero;
    }
    text += '\n';
  }
  return text;
}

function linesOf({ family, series, width }: PlacedFamily): Line[] {
  const { name, divisor = 1 } = family;
  const line = (labelled: string, at: { from: number; to: number }, by = divisor): Line => {
    const prefix = flat(`\n${labelled} `);
    return { prefix, zero: flat(`${prefix}0`), ...at, divisor: by };
  };
  const first = series[0]?.cell ?? 0;
  if (family.isSummed) return [line(name, { from: first, to: first + series.length })];
  if (family.type !== 'histogram') {
    return series.map(({ cell, labels }) => line(name + braces(labels), { from: cell, to: cell + 1 }));
  }
  const bounds = [...(family.buckets ?? []).map(canonical), '+Inf'];
  return series.flatMap(({ cell, labels }) => {
    const sumAt = cell + width - 1;
    return [
      ...bounds.map((le, i) => line(`${name}_bucket${braces({ ...labels, le })}`, { from: cell, to: cell + i + 1 }, 1)),
      line(`${name}_sum${braces(labels)}`, { from: sumAt, to: sumAt + 1 }),
      // The count is the sum of the buckets. It is not kept beside them, so the two can never disagree.
      line(`${name}_count${braces(labels)}`, { from: cell, to: sumAt }, 1),
    ];
  });
}

/** The same text in one piece. V8 keeps a text that was put together as a tree, and every rendering would walk it. */
function flat(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
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

/**
 * `1.0`, `0.25`: OpenMetrics wants them so. The text format has the same, or a change of format would change the
 * series.
 */
function canonical(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

/** A family as prom-client sees a metric: `registerMetric` takes any object with a name and `get()`. */
function asMetric(placed: PlacedFamily, words: () => Float64Array): Metric {
  const { family } = placed;
  const metric = {
    name: family.name,
    help: family.help,
    type: family.type,
    aggregator: 'sum',
    labelNames: Object.keys(family.labels ?? {}),
    // In an OpenMetrics registry, prom-client renames a counter on the object itself before it asks.
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
  if (family.isSummed) {
    const value = series.reduce((sum, { cell }) => sum + (words[cell] ?? 0), 0);
    return [{ labels: {}, value: value / divisor }];
  }
  return series.flatMap(({ cell, labels }) => {
    if (family.type !== 'histogram') {
      const value = (words[cell] ?? 0) / divisor;
      return family.sparse && value === 0 ? [] : [{ labels, value }];
    }
    const bounds = [...(family.buckets ?? []).map(canonical), '+Inf'];
    let count = 0;
    const buckets = bounds.map((le, i) => {
      count += words[cell + i] ?? 0;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    });
    const sum = (words[cell + bounds.length] ?? 0) / divisor;
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  });
}
