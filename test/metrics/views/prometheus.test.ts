/**
 * `/prometheus` held against a strict reader, against the typed array it is made from, and against prom-client's own
 * rendering of the same families.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLayout, type Layout } from '../../../src/metrics/layout.js';
import type { Snapshot } from '../../../src/metrics/snapshot.js';
import { createPrometheusView, FORMATS } from '../../../src/metrics/views/prometheus.js';
import { createCore, runSession, textOf } from '../core.js';
import { DOMAINS } from '../domains.js';
import { parseExposition } from './exposition.js';

const SPARSE = 'headcount_http_requests_total';

const test = suite('metrics/views/prometheus');

test('every family and labelset is there with 0 before any traffic, save the sparse ones', () => {
  const core = createCore();
  const families = parseExposition(textOf(core.prometheus.render(core.snapshot(), 'text')), 'text');
  assert.equal(
    [...families.keys()],
    core.layout.families.map(({ family }) => family.name),
  );
  for (const { family, series } of core.layout.families) {
    const { samples = [], type, help } = families.get(family.name) ?? {};
    const linesEach = family.type === 'histogram' ? (family.buckets ?? []).length + 3 : 1;
    const shownCount = family.isSummed ? 1 : series.length;
    assert.is(samples.length, family.sparse ? 0 : shownCount * linesEach, family.name);
    assert.equal([type, help], [family.type, family.help]);
    if (family.name === 'headcount_collector_success') continue;
    assert.ok(
      samples.every(({ value }) => value === 0),
      family.name,
    );
  }
});

test('a sparse labelset is there from its first value on', () => {
  const core = createCore();
  core.record(core.layout.cellOf(SPARSE, '/pdf', 'POST', '200'), 1);
  const families = parseExposition(textOf(core.prometheus.render(core.snapshot(), 'text')), 'text');
  assert.equal(families.get(SPARSE)?.samples, [
    { name: SPARSE, labels: { route: '/pdf', method: 'POST', code: '200' }, value: 1 },
  ]);
});

for (const format of FORMATS) {
  test(`${format}: every number is the one of its cell, in base units`, () => {
    const { layout, snapshot, view } = filled();
    const families = parseExposition(textOf(view.render(snapshot, format)), format);
    for (const { family, series } of layout.families) {
      const title = format === 'openmetrics' ? family.name.replace(/_total$/, '') : family.name;
      const { samples = [] } = families.get(title) ?? {};
      const divisor = family.divisor ?? 1;
      if (family.isSummed) {
        const value = series.reduce((sum, { cell }) => sum + (snapshot.counters[cell] ?? -1), 0);
        assert.equal(samples, [{ name: family.name, labels: {}, value }]);
        continue;
      }
      for (const { cell, labels } of series) {
        const numberOf = (suffix: string, le?: string): number | undefined => {
          const wanted = JSON.stringify(le === undefined ? labels : { ...labels, le });
          return samples.find((one) => one.name === family.name + suffix && JSON.stringify(one.labels) === wanted)
            ?.value;
        };
        if (family.type !== 'histogram') {
          assert.is(numberOf(''), (snapshot.counters[cell] ?? -1) / divisor, family.name);
          continue;
        }
        let count = 0;
        for (const [i, le] of [...(family.buckets ?? []), '+Inf'].entries()) {
          count += snapshot.counters[cell + i] ?? -1;
          const text = typeof le === 'number' && Number.isInteger(le) ? `${le}.0` : String(le);
          assert.is(numberOf('_bucket', text), count, `${family.name} ${le}`);
        }
        assert.is(numberOf('_count'), count);
        assert.is(numberOf('_sum'), (snapshot.counters[cell + (family.buckets ?? []).length + 1] ?? -1) / divisor);
      }
    }
  });

  test(`${format}: the lines are those of prom-client`, async () => {
    const { snapshot, view } = filled();
    const ours = linesOf(textOf(view.render(snapshot, format)));
    const theirs = linesOf(await view.registries[format].metrics());
    // prom-client does not escape quotes in a HELP of OpenMetrics; no help has one.
    assert.equal(ours.toSorted(), theirs.toSorted());
    assert.equal(ours, theirs, 'in the same order too');
    assert.equal(linesOf(await view.registries[format].metrics()), theirs, 'and once more');
  });
}

test('OpenMetrics ends with # EOF, and its counters are named without _total', () => {
  const { layout, snapshot, view } = filled();
  const text = textOf(view.render(snapshot, 'openmetrics'));
  assert.ok(text.endsWith('\n# EOF\n'));
  assert.not.match(text, / {2}|\n\n/);
  const families = parseExposition(text, 'openmetrics');
  assert.is(families.size, layout.families.length);
  assert.is(families.get('headcount_sessions')?.type, 'counter');
  assert.ok(!families.has('headcount_sessions_total'));
  assert.equal(
    [...families.keys()].filter((name) => name.endsWith('_total')),
    [],
  );
});

test('seconds are divided, so that they are the shortest decimals', () => {
  const core = createCore();
  runSession(core, 1005);
  const text = textOf(core.prometheus.render(core.snapshot(), 'text'));
  assert.match(text, '\nheadcount_session_duration_seconds_sum{kind="pdf"} 1.005\n');
  assert.match(text, '\nheadcount_session_duration_seconds_bucket{kind="pdf",le="2.5"} 1\n');
});

test('a collector that failed costs its own families and no other', () => {
  const core = createCore({
    collectors: {
      process: () => {
        throw new Error('no /proc');
      },
    },
  });
  for (const format of FORMATS) {
    const families = parseExposition(textOf(core.prometheus.render(core.snapshot(), format)), format);
    for (const { family } of core.layout.families) {
      const title = format === 'openmetrics' ? family.name.replace(/_total$/, '') : family.name;
      assert.is(families.has(title), family.collector !== 'process', title);
    }
    const success = families.get('headcount_collector_success')?.samples ?? [];
    assert.equal(
      success.filter(({ value }) => value === 0).map(({ labels }) => labels),
      [{ collector: 'process' }],
    );
  }
});

test('label values are escaped, and read back as they were', () => {
  const odd = 'a "quoted" \\n back\\slash,\nnext={line} é';
  const layout = createLayout({ ...DOMAINS, chromium: [odd] });
  const view = createPrometheusView(layout);
  for (const format of FORMATS) {
    const families = parseExposition(textOf(view.render(snapshotOf(layout), format)), format);
    assert.is(families.get('headcount_build_info')?.samples[0]?.labels['chromium'], odd);
  }
});

test('a label that is not ASCII is encoded, though it is shown only with a value', () => {
  const layout = createLayout({ ...DOMAINS, route: ['/naïve', '/λ'] });
  const view = createPrometheusView(layout);
  const snapshot = snapshotOf(layout);
  snapshot.counters[layout.cellOf(SPARSE, '/λ', 'GET', '200')] = 1;
  const text = Buffer.concat([...view.render(snapshot, 'text').chunks]).toString('utf8');
  assert.match(text, `\n${SPARSE}{route="/λ",method="GET",code="200"} 1\n`);
});

test('the same snapshot gives the same text, a fresh one its own', () => {
  const core = createCore();
  const snapshot = core.snapshot();
  for (const format of FORMATS)
    assert.is(core.prometheus.render(snapshot, format), core.prometheus.render(snapshot, format));
  const [text, openmetrics] = FORMATS.map((format) => core.prometheus.render(snapshot, format).tag);
  assert.is.not(text, openmetrics);
  core.record(core.layout.cellOf('headcount_unauthorized_total'), 1);
  const next = core.prometheus.render(core.snapshot(), 'text');
  assert.is.not(next.tag, text);
  assert.match(textOf(next), '\nheadcount_unauthorized_total 1\n');
});

test('content types carry the version', () => {
  const { contentTypes } = createPrometheusView(createLayout(DOMAINS));
  assert.equal(contentTypes, {
    text: 'text/plain; version=0.0.4; charset=utf-8',
    openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  });
});

test.run();

/** A snapshot in which no two words are equal. */
function filled() {
  const layout = createLayout(DOMAINS);
  const snapshot = snapshotOf(layout);
  for (let i = 0; i < layout.size; i++) snapshot.counters[i] = 3 * i + 1;
  return { layout, snapshot, view: createPrometheusView(layout) };
}

function snapshotOf(layout: Layout): Snapshot {
  const { snapshot } = createCore();
  return { ...snapshot(), counters: new Float64Array(layout.size) };
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
