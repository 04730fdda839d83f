/**
 * A strict reader of the two exposition formats, for tests. It throws at all that a scraper would refuse, or should.
 */

export interface Sample {
  readonly name: string;
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
}

export interface ExposedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: Sample[];
}

const SAMPLE = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] };

/** Families by name, as they come. */
export function parseExposition(text: string, format: 'text' | 'openmetrics'): Map<string, ExposedFamily> {
  const families = new Map<string, ExposedFamily>();
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('no # EOF at the end');
  let current: ExposedFamily | null = null;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line.startsWith('# HELP ')) {
      current = openFamily(line, lines[++i] ?? '');
      if (families.has(current.name)) throw new Error(`${current.name} comes twice`);
      families.set(current.name, current);
    } else if (current === null) throw new Error(`no family before: ${line}`);
    else current.samples.push(parseSample(line, current, format));
  }
  for (const family of families.values()) checkSeries(family);
  return families;
}

function openFamily(help: string, type: string): ExposedFamily {
  const [, name = '', text = ''] = /^# HELP (\S+) (\S.*)$/.exec(help) ?? [];
  const [, typed, kind = ''] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(type) ?? [];
  if (name === '' || typed !== name) throw new Error(`not a head: ${help} / ${type}`);
  return { name, help: text, type: kind, samples: [] };
}

function parseSample(line: string, { name, type }: ExposedFamily, format: string): Sample {
  const [, sampleName = '', labelText = '', valueText = ''] = SAMPLE.exec(line) ?? [];
  const ofCounter = format === 'openmetrics' && type === 'counter' ? ['_total'] : [''];
  if (!(SUFFIXES[type] ?? ofCounter).some((suffix) => sampleName === name + suffix)) {
    throw new Error(`not a sample of the ${type} ${name}: ${line}`);
  }
  if (!NUMBER.test(valueText)) throw new Error(`not a number: ${line}`);
  return { name: sampleName, labels: parseLabels(labelText, line), value: Number(valueText) };
}

function parseLabels(text: string, line: string): { [name: string]: string } {
  const labels: { [name: string]: string } = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value = ''] = LABEL.exec(text) ?? [];
    if (name === undefined || name in labels) throw new Error(`labels of ${line}`);
    labels[name] = value.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char));
  }
  return labels;
}

/** Each series comes once; buckets are in order, canonical, never falling; `+Inf` is last and equals the count. */
function checkSeries({ name, type, samples }: ExposedFamily): void {
  const seen = new Set<string>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).toSorted()]);
    if (seen.has(key)) throw new Error(`${key} comes twice`);
    seen.add(key);
    if (sample.value < 0) throw new Error(`${key} is below 0`);
  }
  if (type !== 'histogram') return;
  let last = { le: Number.NEGATIVE_INFINITY, value: 0 };
  for (const { name: sampleName, labels, value } of samples) {
    if (sampleName.endsWith('_bucket')) {
      const text = labels['le'] ?? '';
      const le = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
      if (!/^(\d+\.\d+|\+Inf)$/.test(text)) throw new Error(`${name}: le ${text} is not canonical`);
      if (!(le > last.le) || value < last.value) throw new Error(`${name}: le ${text} is out of order`);
      last = { le, value };
    } else {
      if (last.le !== Number.POSITIVE_INFINITY) throw new Error(`${name}: no +Inf`);
      if (!sampleName.endsWith('_count')) continue;
      if (value !== last.value) throw new Error(`${name}: the count ${value} is not +Inf ${last.value}`);
      last = { le: Number.NEGATIVE_INFINITY, value: 0 };
    }
  }
}
