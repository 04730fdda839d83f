/**
 * The exposition of a fresh server before any traffic. promtool and both parsers of Prometheus's Python client accept
 * it, and it has every family of the table and every labelset. And the format that each kind of scraper gets.
 */

import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAMILIES } from '../../src/metrics/families.js';
import type { Family } from '../../src/metrics/family.js';
import { FORMATS } from '../../src/metrics/views/prometheus.js';
import type { Versions } from '../../src/server/versions.js';
import type { ExposedFamily } from '../metrics/views/exposition.js';
import { ask } from './ask.js';
import { ACCEPT, expectedHead, headOf, lint, parse, scrape } from './checkers.js';
import { brokenIdentities, sum } from './identities.js';
import { expectedSeries, isSparse, keyOf } from './labelsets.js';
import { type Server, startServer } from './server.js';

const test = suite('prometheus/metrics');

const WORKERS = 2;
const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** What scrapers send as `Accept`, and the type that they must get at both paths. */
const SCRAPERS: Readonly<Record<string, readonly [accept: string, type: string]>> = {
  'Prometheus 2.42': [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,' +
      'text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    OPENMETRICS_TYPE,
  ],
  'Prometheus 2.2': ['text/plain;version=0.0.4;q=1,*/*;q=0.1', TEXT_TYPE],
  'Prometheus 3': [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
      'application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,' +
      'text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    OPENMETRICS_TYPE,
  ],
  'Prometheus that would like protobuf most': [
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,' +
      'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,' +
      'text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    OPENMETRICS_TYPE,
  ],
  'Prometheus told to use the text format first': [
    'text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2',
    TEXT_TYPE,
  ],
};

let server: Server;
const exposed = new Map<string, ExposedFamily[]>();

test.before(async () => {
  server = await startServer(WORKERS);
});

test.after(() => server.stop());

test('promtool has nothing to say about names and helps', async () => {
  await lint(await scrape(server.url, 'text'), 'on a fresh server');
});

for (const format of FORMATS) {
  test(`shows every family and every labelset in ${format}, and nothing else`, async () => {
    const text = await scrape(server.url, format);
    const families = await parse(text, format, 'on a fresh server');
    exposed.set(format, families);
    assert.equal(families.map(headOf), (FAMILIES as readonly Family[]).map(expectedHead));
    const versions: Versions = JSON.parse((await ask(`${server.url}/meta`)).body.toString('utf8'));
    const samples = families.flatMap((family) => family.samples).filter((sample) => !isSparse(sample));
    assert.equal(samples.map(keyOf).sort(), expectedSeries(WORKERS, versions));
  });
}

test('nothing has happened yet', () => {
  for (const families of exposed.values()) {
    const samples = families.flatMap((family) => family.samples);
    assert.equal(brokenIdentities(samples), []);
    for (const { name, type } of FAMILIES) {
      if (type === 'counter' && /session|requests_rejected|failures|restarts|exits|dropped/.test(name)) {
        assert.is(sum(samples, name), 0, name);
      }
    }
    assert.is(sum(samples, 'headcount_workers'), WORKERS);
    assert.is(sum(samples, 'headcount_build_info'), 1);
    const success = samples.filter(({ name }) => name === 'headcount_collector_success');
    assert.ok(success.length > 0 && success.every(({ value }) => value === 1));
  }
});

for (const [scraper, [accept, type]] of Object.entries(SCRAPERS)) {
  test(`gives ${scraper} the format that it likes, at both paths`, async () => {
    for (const path of ['/prometheus', '/metrics']) {
      const { status, headers, body } = await ask(server.url + path, { headers: { accept } });
      assert.is(`${status} ${headers['content-type']}`, `200 ${type}`);
      assert.is(body.toString('utf8').endsWith('\n# EOF\n'), type === OPENMETRICS_TYPE);
    }
  });
}

for (const [accept, isJson] of [
  ['*/*', true],
  ['application/json', true],
  ['text/html,application/xhtml+xml,*/*;q=0.8', true],
  ['text/plain;version=0.0.4', false],
] as const) {
  test(`gives ${accept} ${isJson ? 'JSON' : 'text'} at /metrics, and text at /prometheus`, async () => {
    const rows = await ask(`${server.url}/metrics`, { headers: { accept } });
    assert.match(rows.headers['content-type'] ?? '', isJson ? 'application/json' : TEXT_TYPE);
    const text = await ask(`${server.url}/prometheus`, { headers: { accept } });
    assert.is(text.headers['content-type'], TEXT_TYPE);
  });
}

test('answers HEAD as GET, without the body', async () => {
  for (const path of ['/prometheus', '/metrics']) {
    for (const accept of Object.values(ACCEPT)) {
      const [got, head] = await Promise.all([
        ask(server.url + path, { headers: { accept } }),
        ask(server.url + path, { headers: { accept }, method: 'HEAD' }),
      ]);
      assert.is(head.status, 200);
      for (const name of ['content-type', 'vary', 'cache-control']) assert.is(head.headers[name], got.headers[name]);
      assert.is(head.headers['vary'], 'Accept, Accept-Encoding');
      assert.is(head.body.length, 0);
      assert.ok(Number(head.headers['content-length']) > got.body.length / 2);
    }
  }
});

test('gzips for those who take it, and the bytes are an exposition', async () => {
  for (const format of FORMATS) {
    const asked = { accept: ACCEPT[format], 'accept-encoding': 'gzip' };
    const { headers, body } = await ask(`${server.url}/prometheus`, { headers: asked });
    assert.is(headers['content-encoding'], 'gzip');
    assert.is(Number(headers['content-length']), body.length);
    const text = gunzipSync(body).toString('utf8');
    assert.ok(body.length < text.length / 4, `${body.length} bytes of ${text.length}`);
    const families = await parse(text, format, 'gzipped');
    assert.is(families.length, FAMILIES.length);
  }
});

test.run();
