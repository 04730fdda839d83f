/**
 * The dashboards, held against the rules of Grafana's linter, the alerts and the table of metrics. Each rule is tried
 * on a dashboard with one thing broken first: a check that cannot fail is worth nothing.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pathsOf, ROUTES } from '../../src/http/interface.js';
import { JOB_KINDS } from '../../src/protocol/jobs/jobs.js';
import { labelDomains } from '../../src/server/domains.js';
import { readRules } from './alert-rules.js';
import * as coverage from './coverage.js';
import {
  type Dashboard,
  type DashboardFile,
  type Panel,
  queriesOf,
  readDashboards,
  type Variable,
} from './dashboards.js';
import { LINT_RULES } from './lint.js';
import { MODEL_RULES } from './model-rules.js';
import { groupingLabelsOf, selectorsOf } from './promql.js';

type Break = (dashboard: Dashboard) => unknown;

const files = readDashboards();
const { alerts, recordings } = readRules();
const versions = { headcount: '1', node: '20', playwright: '1', chromium: '1' };
const domains = labelDomains({
  workers: 2,
  kinds: JOB_KINDS,
  routes: pathsOf(ROUTES, { apiGet: false, testSessions: false }),
  versions,
});
const expressions = [
  ...files.flatMap(queriesOf),
  ...alerts.map(({ name, expr }) => ({ where: name, expr })),
  ...recordings.map(({ name, expr }) => ({ where: name, expr })),
];

const panel = (dashboard: Dashboard, type = 'timeseries'): Panel => {
  const found = dashboard.panels.find((one) => one.type === type);
  assert.ok(found, `no panel of type ${type}`);
  return found;
};
const variable = (dashboard: Dashboard, name: string): Variable => {
  const found = dashboard.templating.list.find((one) => one.name === name);
  assert.ok(found, `no variable ${name}`);
  return found;
};
const swap = (dashboard: Dashboard, from: string | RegExp, to: string): void => {
  const target = dashboard.panels
    .flatMap(({ targets = [] }) => targets)
    .find(({ expr }) => expr.replace(from, to) !== expr);
  assert.ok(target, `no expression has ${from}`);
  target.expr = target.expr.replace(from, to);
};
const steps = (dashboard: Dashboard): { color: string; value: number | null }[] => {
  const found = dashboard.panels.flatMap(({ fieldConfig }) => {
    const all = fieldConfig?.defaults.thresholds?.steps ?? [];
    return all.length > 1 ? [all] : [];
  });
  return found[0] ?? [];
};

const LINT_BREAKS: Readonly<Record<string, readonly Break[]>> = {
  'template-datasource-rule': [
    (d) => d.templating.list.shift(),
    (d) => Object.assign(variable(d, 'datasource'), { label: 'Source' }),
    (d) => Object.assign(variable(d, 'datasource'), { name: 'ds' }),
  ],
  'template-job-rule': [
    (d) => Object.assign(variable(d, 'job'), { multi: false }),
    (d) => Object.assign(variable(d, 'job'), { label: 'job' }),
    (d) => Object.assign(variable(d, 'job'), { query: 'label_values(headcount_build_info, instance)' }),
  ],
  'template-instance-rule': [
    (d) => Object.assign(variable(d, 'instance'), { allValue: '.*' }),
    (d) => Object.assign(variable(d, 'instance'), { name: 'host' }),
  ],
  'template-label-promql-rule': [(d) => Object.assign(variable(d, 'job'), { query: 'headcount_build_info' })],
  'template-on-time-change-reload-rule': [(d) => Object.assign(variable(d, 'job'), { refresh: 1 })],
  'template-uneditable-rule': [(d) => Object.assign(d, { editable: true })],
  'panel-datasource-rule': [
    (d) => Object.assign(panel(d).datasource ?? {}, { uid: 'prometheus' }),
    (d) => Object.assign(panel(d).targets?.[0]?.datasource ?? {}, { uid: 'prometheus' }),
    (d) => Object.assign(d.annotations.list[1]?.datasource ?? {}, { uid: 'prometheus' }),
    (d) => delete variable(d, 'job').datasource,
  ],
  'panel-title-description-rule': [
    (d) => Object.assign(panel(d), { title: '' }),
    (d) => Object.assign(panel(d), { description: '' }),
    (d) => delete panel(d, 'stat').description,
  ],
  'panel-units-rule': [
    (d) => Object.assign(panel(d).fieldConfig?.defaults ?? {}, { unit: 'sessions' }),
    (d) => delete panel(d, 'stat').fieldConfig?.defaults.unit,
  ],
  'panel-no-targets-rule': [
    (d) => Object.assign(panel(d), { targets: [] }),
    (d) => panel(d).targets?.push(...(panel(d).targets ?? [])),
  ],
  'target-rate-interval-rule': [(d) => swap(d, /rate\((\w+\{[^}]*\})\[\$__rate_interval\]/, 'rate($1[5m]')],
  'target-counter-agg-rule': [(d) => swap(d, /rate\((\w+_total\{[^}]*\})\[[^\]]*\]\)/, '($1)')],
  'target-job-rule': [(d) => swap(d, 'job=~"$job",', ''), (d) => swap(d, 'job=~"$job"', 'job="$job"')],
  'target-instance-rule': [(d) => swap(d, ',instance=~"$instance"', '')],
  'quantiles keep the bounds of the buckets': [(d) => swap(d, /\((\w+, )*le\)/, '(kind)')],
  'a heatmap is of buckets': [
    (d) => Object.assign(panel(d, 'heatmap').targets?.[0] ?? {}, { format: 'time_series' }),
    (d) => Object.assign(panel(d, 'heatmap').options ?? {}, { calculate: true }),
  ],
  'a panel of numbers says what there is when there is none': [
    (d) => delete panel(d, 'stat').fieldConfig?.defaults.noValue,
    (d) => delete panel(d, 'stat').fieldConfig?.defaults.mappings,
  ],
  'every variable in an expression is known': [(d) => swap(d, 'job=~"$job"', 'job=~"$cluster"')],
  'restarts, changes of version and firing alerts are annotated': [
    (d) => d.annotations.list.pop(),
    (d) => Object.assign(d.annotations.list[1] ?? {}, { enable: false }),
  ],
};

const MODEL_BREAKS: Readonly<Record<string, readonly Break[]>> = {
  'ids of panels are unique': [(d) => Object.assign(d.panels[1] ?? {}, { id: d.panels[0]?.id })],
  'panels are within the grid and do not overlap': [
    (d) => Object.assign(panel(d).gridPos, { x: 20, w: 12 }),
    (d) => Object.assign(panel(d).gridPos, panel(d, 'stat').gridPos),
  ],
  'the uid follows from the file': [(d) => Object.assign(d, { uid: 'headcount-xyz' })],
  'titles of dashboards are unique': [(d) => Object.assign(d, { title: files[0]?.dashboard.title })],
  'it imports without asking, into Grafana 10 and later': [
    (d) => Object.assign(d, { __inputs: [] }),
    (d) => Object.assign(d, { id: 7 }),
    (d) => Object.assign(d, { schemaVersion: 16 }),
    (d) => Object.assign(d, { tags: [] }),
  ],
  'links lead to dashboards, and each to all others': [
    (d) => d.links.pop(),
    (d) => Object.assign(d.links[0] ?? {}, { url: '/d/headcount-gone' }),
  ],
  "thresholds are the alerts' that the panel names": [
    (d) => Object.assign(steps(d)[1] ?? {}, { value: 0.123 }),
    (d) => Object.assign(steps(d)[1] ?? {}, { color: 'purple' }),
    (d) => steps(d).pop(),
    (d) => Object.assign(panel(d), { description: 'It has none. Alert: HeadcountSlotsBusy.' }),
    (d) => Object.assign(panel(d), { description: 'It has none. Alert: HeadcountGone.' }),
  ],
};

const test = suite('grafana/dashboards');

test('there are four', () => {
  assert.equal(
    files.map(({ file }) => file),
    ['fleet.json', 'overview.json', 'pipeline.json', 'workers.json'],
  );
});

for (const [name, rule] of Object.entries(LINT_RULES)) {
  test(`${name}: the check itself`, () => {
    for (const breaking of breaksOf(LINT_BREAKS, name))
      assert.ok(rule(broken(breaking).dashboard).length > 0, String(breaking));
  });
  test(name, () => {
    for (const { file, dashboard } of files) assert.equal(rule(dashboard), [], file);
  });
}

for (const [name, rule] of Object.entries(MODEL_RULES)) {
  test(`${name}: the check itself`, () => {
    if (name === 'every alert has a panel') {
      assert.ok(rule([], alerts).length === alerts.length - 1);
      return;
    }
    for (const breaking of breaksOf(MODEL_BREAKS, name)) {
      const others = files.filter(({ file }) => file !== 'overview.json');
      assert.ok(rule([broken(breaking), ...others], alerts).length > 0, String(breaking));
    }
  });
  test(name, () => assert.equal(rule(files, alerts), []));
}

test('every metric is in a panel or an alert', () => {
  assert.equal(coverage.unusedFamilies(expressions), []);
  const without = expressions.filter(({ expr }) => !expr.includes('headcount_prewarm_total'));
  assert.equal(coverage.unusedFamilies(without), ['headcount_prewarm_total']);
});

test('every metric in a query exists', () => {
  const recorded = recordings.map(({ name }) => name);
  assert.equal(coverage.unknownMetrics(expressions, recorded), []);
  for (const expr of [
    'headcount_gone_total',
    'rate(headcount_deltas[5m])',
    'headcount_sessions_active_sum',
    'job:x:y',
  ]) {
    assert.equal(coverage.unknownMetrics([{ where: 'a', expr }], recorded).length, 1, expr);
  }
});

test('every label and value in a query is one that the metric has', () => {
  assert.equal(coverage.impossibleMatchers(expressions, domains), []);
  assert.equal(coverage.impossibleGroupings(expressions), []);
  for (const matcher of ['reason="oops"', 'reason=~"crash|oops"', 'worker="0"']) {
    const expr = `headcount_browser_exits_total{${matcher}}`;
    assert.equal(coverage.impossibleMatchers([{ where: 'a', expr }], domains).length, 1, expr);
  }
  for (const expr of ['sum by (role) (headcount_pages_open)', 'sum by (worker) (headcount_contexts_open)']) {
    assert.equal(coverage.impossibleGroupings([{ where: 'a', expr }]).length, 1, expr);
  }
});

test('selectors are read out of expressions', () => {
  const expr =
    'sum by (a, le) (rate(b_total{c="d{",e=~"$f"}[$__rate_interval])) / count(g:h offset 2m) >= 1e3 and on (i) j';
  assert.equal(
    selectorsOf(expr).map(({ metric, range, call }) => [metric, range, call]),
    [
      ['b_total', '$__rate_interval', 'rate'],
      ['g:h', null, 'count'],
      ['j', null, null],
    ],
  );
  assert.equal(selectorsOf(expr)[0]?.matchers, [
    { label: 'c', operator: '=', value: 'd{' },
    { label: 'e', operator: '=~', value: '$f' },
  ]);
  assert.equal(groupingLabelsOf(expr), ['a', 'le', 'i']);
});

test.run();

/** The overview, which has a panel of every sort, with one thing broken. */
function broken(breaking: Break): DashboardFile {
  const overview = files.find(({ file }) => file === 'overview.json');
  assert.ok(overview);
  const copy = structuredClone(overview);
  breaking(copy.dashboard);
  return copy;
}

function breaksOf(breaks: Readonly<Record<string, readonly Break[]>>, name: string): readonly Break[] {
  const found = breaks[name] ?? [];
  assert.ok(found.length > 0, `${name} is not tried`);
  return found;
}
