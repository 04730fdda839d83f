/**
 * The alert and recording rules as files: each says how bad it is, what it is about and where to read on, and each is
 * tested both ways. promtool runs those tests, where there is one.
 */

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAMILIES } from '../../src/metrics/families.js';
import type { Family } from '../../src/metrics/family.js';
import { anchorsOf } from '../readme/markdown.js';
import { type Alert, limitOf, readRules, readRuleTests } from './alert-rules.js';
import { readDashboards } from './dashboards.js';
import { uidIn } from './model-rules.js';
import { selectorsOf } from './promql.js';

const LABELS = new Set([
  'job',
  'instance',
  ...(FAMILIES as readonly Family[]).flatMap(({ labels = {} }) => Object.keys(labels)),
]);
const SEVERITIES = ['critical', 'warning', 'info'];
const RUNBOOK = 'grafana/README.md';

const { alerts, recordings } = readRules();
const anchors = anchorsOf(readFileSync(RUNBOOK, 'utf8'));
const uids = readDashboards().map(({ dashboard }) => dashboard.uid);

const test = suite('grafana/alerts');

test('each alert says what a person needs to know', () => {
  assert.equal(alerts.flatMap(incomplete), []);
  const [good] = alerts;
  assert.ok(good);
  const { summary, description, runbook, dashboard } = good.annotations;
  assert.ok(summary && description && runbook && dashboard);
  const bad: readonly Alert[] = [
    { ...good, name: 'Down' },
    { ...good, for: '' },
    { ...good, labels: { severity: 'bad' } },
    { ...good, annotations: { description, runbook, dashboard } },
    { ...good, annotations: { summary, runbook, dashboard } },
    { ...good, annotations: { summary, description, dashboard } },
    { ...good, annotations: { summary, description, runbook: `${RUNBOOK}#nowhere`, dashboard } },
    { ...good, annotations: { summary, description, runbook, dashboard: '/d/headcount-gone' } },
    { ...good, annotations: { summary: `${summary} on {{ $labels.instanc }}`, description, runbook, dashboard } },
  ];
  for (const alert of bad) assert.is(incomplete(alert).length, 1, JSON.stringify(alert));
});

test('names are unique', () => {
  const names = [...alerts, ...recordings].map(({ name }) => name);
  assert.equal(names, [...new Set(names)]);
});

test('each alert compares in a way that a panel can show', () => {
  for (const alert of alerts) limitOf(alert);
  assert.equal(limitOf({ expr: 'a / b >= 0.5 and c >= 2' }), { value: 0.5, isBelow: false });
  assert.equal(limitOf({ expr: 'sum by (a) (b{c=~"d"}) == 0' }), { value: 1, isBelow: true });
  assert.is(limitOf({ expr: 'absent(a)' }), null);
  for (const expr of ['a > 1', 'a < 1', 'a == 2']) assert.throws(() => limitOf({ expr }), /use >=/);
});

test('each alert has a test in which it fires and one in which it stays silent', () => {
  const { firing, silent } = readRuleTests();
  const names = alerts.map(({ name }) => name).sort();
  assert.equal([...firing].sort(), names);
  assert.equal([...silent].sort(), names);
});

test('each recording rule is used by an alert, and named level:metric:operation', () => {
  const used = new Set(alerts.flatMap(({ expr }) => selectorsOf(expr).map(({ metric }) => metric)));
  for (const { name } of recordings) {
    assert.ok(used.has(name), `${name} is not used`);
    assert.match(name, /^(?:job|instance|instance_worker):headcount_\w+:\w+$/);
  }
});

test.run();

function incomplete({ name, for: wait, labels, annotations }: Alert): string[] {
  const { summary = '', description = '', runbook = '', dashboard = '' } = annotations;
  const unknown = [...summary.matchAll(/\$labels\.(\w+)/g)]
    .map(([, label = '']) => label)
    .filter((label) => !LABELS.has(label));
  const [file, anchor = ''] = runbook.split('#');
  const wrong = [
    /^Headcount[A-Z]\w+$/.test(name) ? '' : 'name',
    /^\d+[mh]$/.test(wait) ? '' : 'for',
    SEVERITIES.includes(labels['severity'] ?? '') ? '' : 'severity',
    /^.{10,}\.$/.test(summary) ? '' : 'summary',
    /^.{10,}\.$/.test(description) ? '' : 'description',
    file === RUNBOOK && anchors.includes(anchor) ? '' : 'runbook',
    uids.includes(uidIn(dashboard)) ? '' : 'dashboard',
    ...unknown.map((label) => `$labels.${label}`),
  ].filter((text) => text !== '');
  return wrong.length > 0 ? [`${name}: ${wrong.join(', ')}`] : [];
}
