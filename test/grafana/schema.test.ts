/**
 * The dashboards, held against the types that Grafana publishes: every key is one that it knows, every value one that
 * the key can have. The compiler judges them as literals in a folder of their own. Beside them are copies with one
 * thing broken each, and it has to find that.
 */

import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runTool } from '../prometheus/process.js';
import { makeTempDir } from '../temp-dir.js';
import { DASHBOARD_FOLDER, readDashboards } from './dashboards.js';

interface Break {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Part of what the compiler says. */
  readonly says: string;
}

const COMPILER = 'node_modules/typescript/bin/tsc';
const TYPES = resolve('test/grafana/schema.ts');
const OPTIONS = {
  target: 'es2023',
  module: 'nodenext',
  types: [],
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  strict: true,
};

const BREAKS: Readonly<Record<string, Break>> = {
  'an unknown key of the dashboard': wrong('"refresh":', '"refreshEvery":', 'refreshEvery'),
  'an unknown value of the dashboard': wrong('"graphTooltip": 1', '"graphTooltip": 7', '7'),
  'an unknown key of a link': wrong('"keepTime":', '"keepTimes":', 'keepTimes'),
  'a variable that is loaded at no known time': wrong('"refresh": 2', '"refresh": 3', '3'),
  'a type of panel that is not in use': wrong('"type": "timeseries"', '"type": "graph"', 'graph'),
  'an option of another panel': wrong('"graphMode":', '"showHeader":', 'showHeader'),
  'an option with a value that it cannot have': wrong('"colorMode": "value"', '"colorMode": "text"', 'text'),
  'an unknown key of the legend': wrong('"showLegend":', '"isShown":', 'isShown'),
  'an unknown key of a field': wrong('"decimals":', '"decimalPlaces":', 'decimalPlaces', 'workers'),
  'a unit that is no text': wrong('"unit": "ops"', '"unit": 1', 'number'),
  'a mode of thresholds that is none': wrong('"mode": "absolute"', '"mode": "relative"', 'relative'),
  'a way of mapping that is none': wrong('"match": "null+nan"', '"match": "nan+null"', 'nan+null'),
  'a style of lines that is none': wrong('"drawStyle": "line"', '"drawStyle": "lines"', 'lines'),
  'an unknown key of a query': wrong('"legendFormat":', '"legend":', 'legend'),
  'a format of a query that is none': wrong('"format": "time_series"', '"format": "timeseries"', 'timeseries'),
  'an override of what no field has': wrong('{ "id": "unit",', '{ "id": "units",', 'units', 'fleet'),
  'an override with a value that it cannot have': wrong(
    '"id": "unit", "value": "',
    '"id": "min", "value": "',
    'number',
    'fleet',
  ),
};

const dashboards = readDashboards().map(({ file }) => ({
  name: file.replace('.json', ''),
  text: readFileSync(join(DASHBOARD_FOLDER, file), 'utf8'),
}));
const test = suite('grafana/schema');

let said: ReadonlyMap<string, readonly string[]>;

test.before(async () => {
  const broken = Object.entries(BREAKS).map(([name, { file, from, to }]) => {
    const text = textOf(file);
    assert.ok(text.includes(from), `${file} has ${from}`);
    return { name, text: text.replace(from, to) };
  });
  said = await compile([...dashboards, ...broken]);
});

test('the types are of the Grafana that the containers have', () => {
  const { version }: { version: string } = JSON.parse(
    readFileSync('node_modules/@grafana/schema/package.json', 'utf8'),
  );
  const [, minor] = /grafana\/grafana:(\d+\.\d+)\./.exec(readFileSync('compose.yaml', 'utf8')) ?? [];
  assert.is(version.split('.').slice(0, 2).join('.'), minor);
});

test('Grafana knows every key and value of the dashboards', () => {
  for (const { name } of dashboards) assert.equal(said.get(name), [], name);
});

for (const [name, { file, from, says }] of Object.entries(BREAKS)) {
  test(`${name}: the check itself`, () => {
    const errors = said.get(name) ?? [];
    const line =
      textOf(file)
        .split('\n')
        .findIndex((one) => one.includes(from.split('\n')[0] ?? '')) + 1;
    assert.ok(errors.length > 0, 'it is found');
    assert.ok(
      errors.every((error) => error.includes(says)),
      errors.join('\n'),
    );
    assert.ok(
      errors.some((error) => error.startsWith(`${line}: `)),
      `${line} of ${errors.join('\n')}`,
    );
  });
}

test.run();

function wrong(from: string, to: string, says: string, file = 'overview'): Break {
  return { file, from, to, says };
}

function textOf(name: string): string {
  const found = dashboards.find((one) => one.name === name);
  assert.ok(found, name);
  return found.text;
}

/** What the compiler says of each, by its name, with the line in its JSON: `12: Object literal may only …`. */
async function compile(literals: readonly { readonly name: string; readonly text: string }[]) {
  const folder = makeTempDir('schema');
  try {
    const files = literals.map((_literal, index) => `literal-${index}.ts`);
    for (const [index, { text }] of literals.entries()) {
      // All before the text is on its first line, so that its lines keep their numbers.
      const head = `import type { GrafanaDashboard } from '${TYPES}'; export const dashboard: GrafanaDashboard = `;
      await writeFile(join(folder, files[index] ?? ''), head + text);
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, files }));
    const { output, errors } = await runTool(
      process.execPath,
      [resolve(COMPILER), '-p', folder, '--pretty', 'false'],
      '',
    );
    assert.is(errors, '');
    const found = [...output.matchAll(/literal-(\d+)\.ts\((\d+),\d+\): error (.*(?:\n {2}.*)*)/g)];
    // An error that belongs to no literal, such as a missing type, must fail the test too.
    assert.is(found.length, output.match(/\berror TS/g)?.length ?? 0, output);
    return new Map(
      literals.map(({ name }, index) => [
        name,
        found.filter(([, of]) => Number(of) === index).map(([, , line, text]) => `${line}: ${text}`),
      ]),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
