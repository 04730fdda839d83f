/**
 * Other people's judges of an exposition: `promtool check metrics` for the text format, and the parsers of Prometheus's
 * own Python client, of which the one for OpenMetrics is strict. A scrape that passes comes back as samples.
 */

import * as assert from 'uvu/assert';
import { FAMILIES } from '../../src/metrics/families.js';
import type { Family } from '../../src/metrics/family.js';
import type { Format } from '../../src/metrics/views/prometheus.js';
import type { ExposedFamily, Sample } from '../metrics/views/exposition.js';
import { ask } from './ask.js';
import { runTool } from './process.js';

export const ACCEPT = {
  text: 'text/plain;version=0.0.4',
  openmetrics: 'application/openmetrics-text;version=1.0.0',
} as const;

/** The system's own, because Debian's package of the client is for that one. */
const PYTHON = '/usr/bin/python3';
const PARSER = `
import importlib, json, sys
parser = importlib.import_module(sys.argv[1])
families = [{
    "name": family.name,
    "type": family.type,
    "help": family.documentation,
    "samples": [{"name": s.name, "labels": s.labels, "value": s.value} for s in family.samples],
} for family in parser.text_string_to_metric_families(sys.stdin.read())]
json.dump(families, sys.stdout)
`;
const PARSERS = { text: 'prometheus_client.parser', openmetrics: 'prometheus_client.openmetrics.parser' } as const;

/** Runs every judge on a scrape of each format. `when` names the moment. Returns the samples of the later scrape. */
export async function checkScrape(url: string, when: string): Promise<Sample[]> {
  const text = await scrape(url, 'text');
  const openmetrics = await scrape(url, 'openmetrics');
  await lint(text, when);
  const families = await parse(openmetrics, 'openmetrics', when);
  assert.equal(families.map(headOf), (FAMILIES as readonly Family[]).map(expectedHead), `families ${when}`);
  const samples = families.flatMap((family) => family.samples);
  // The parser accepts a series that comes twice; Prometheus does not.
  assert.is(samples.length, openmetrics.split('\n').filter((line) => !/^(#|$)/.test(line)).length, `series ${when}`);
  return samples;
}

export async function scrape(url: string, format: Format, token?: string): Promise<string> {
  const headers = { accept: ACCEPT[format], ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const { status, body } = await ask(`${url}/prometheus`, { headers });
  assert.is(status, 200, 'the status of a scrape');
  return body.toString('utf8');
}

/** Promtool says nothing about an exposition that is right, and nothing about an empty one. */
export async function lint(text: string, when: string): Promise<void> {
  assert.match(text, /^# HELP headcount_/);
  const result = await runTool('promtool', ['check', 'metrics'], text);
  assert.equal(result, { code: 'code 0', output: '', errors: '' }, `promtool ${when}`);
}

export async function parse(text: string, format: Format, when: string): Promise<ExposedFamily[]> {
  const { code, output, errors } = await runTool(PYTHON, ['-c', PARSER, PARSERS[format]], text);
  assert.is(`${code}${errors}`, 'code 0', `the parser of ${format} ${when}`);
  const families: ExposedFamily[] = JSON.parse(output);
  return families;
}

/** Both parsers name a counter's family without the `_total` of its samples. */
export function expectedHead({ name, type, help }: Family): string {
  return `${type === 'counter' ? name.replace(/_total$/, '') : name} ${type} ${help}`;
}

export function headOf({ name, type, help }: ExposedFamily): string {
  return `${name} ${type} ${help}`;
}
