/**
 * How the Prometheus of these tests scrapes a server: by the configuration of the containers, once a second.
 */

import { readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { until } from '../deadline.js';
import { RULE_FOLDER } from './alert-rules.js';
import type { RuledPrometheus } from './ruled-prometheus.js';

const WAIT_MS = 20_000;

/** The configuration of the containers, with the paths, the target and the pace of a test. */
export async function writeConfig(folder: string, url: string): Promise<void> {
  const text = readFileSync('grafana/prometheus/prometheus.token.yml', 'utf8')
    .replaceAll('15s', '1s')
    .replace('headcount:3000', new URL(url).host)
    .replace('/run/secrets/headcount_token', join(folder, 'token'));
  assert.ok(parse(text));
  await writeFile(join(folder, 'prometheus.yml'), text);
  await writeFile(join(folder, 'token'), 'anything\n');
  await cp(resolve(RULE_FOLDER), join(folder, 'rules'), { recursive: true });
}

/** Resolves when `prometheus` has scraped `count` times more. */
export async function scrapes(prometheus: RuledPrometheus, count: number): Promise<void> {
  const before = await scrapeCount(prometheus);
  await until(async () => (await scrapeCount(prometheus)) >= before + count, WAIT_MS, `${count} scrapes`);
}

async function scrapeCount(prometheus: RuledPrometheus): Promise<number> {
  const [series] = await prometheus.instant('count_over_time(up[1h])', Date.now() / 1000);
  return series?.values[0] ?? 0;
}
