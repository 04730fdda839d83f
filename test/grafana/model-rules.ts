/**
 * What must hold of a dashboard as a file: places, ids, links, and that its thresholds are the alerts' numbers. Each
 * rule returns what is wrong, as text.
 */

import { type Alert, limitOf } from './alert-rules.js';
import type { Dashboard, DashboardFile, Panel } from './dashboards.js';
import { shown } from './lint.js';

/** All dashboards at once, because some rules are about them together. */
export type ModelRule = (files: readonly DashboardFile[], alerts: readonly Alert[]) => string[];

const COLUMNS = 24;
const SCHEMA_OF_GRAFANA_10 = 38;
const COLOURS: Readonly<Record<string, string>> = { critical: 'red', warning: 'orange', info: 'blue' };
/** Its cause is that there is nothing to show. */
const WITHOUT_PANEL = ['HeadcountAbsent'];

export const MODEL_RULES: Readonly<Record<string, ModelRule>> = {
  'ids of panels are unique': each(({ panels }) => repeated(panels.map(({ id }) => String(id)))),

  'panels are within the grid and do not overlap': each(({ panels }) =>
    panels.flatMap((panel, index) => {
      const { x, y, w, h } = panel.gridPos;
      const isOutside = x < 0 || y < 0 || w < 1 || h < 1 || x + w > COLUMNS;
      const others = panels.slice(index + 1).filter((other) => overlap(panel, other));
      return [
        ...(isOutside ? [`'${panel.title}' is outside`] : []),
        ...others.map(({ title }) => `${panel.title}, ${title}`),
      ];
    }),
  ),

  'the uid follows from the file': (files) =>
    files.flatMap(({ file, dashboard }) => (`headcount-${file}` === `${dashboard.uid}.json` ? [] : [file])),

  'titles of dashboards are unique': (files) => repeated(files.map(({ dashboard }) => dashboard.title)),

  'it imports without asking, into Grafana 10 and later': each((dashboard) => [
    ...['__inputs', '__requires', 'id'].filter((key) => key in dashboard),
    ...(dashboard.schemaVersion < SCHEMA_OF_GRAFANA_10 ? [`schemaVersion ${dashboard.schemaVersion}`] : []),
    ...(dashboard.tags.includes('headcount') ? [] : ['no tag']),
  ]),

  'links lead to dashboards, and each to all others': (files) => {
    const uids = files.map(({ dashboard }) => dashboard.uid);
    return files.flatMap(({ file, dashboard }) => {
      const targets = dashboard.links.map(({ url }) => uidIn(url));
      const inPanels = [...JSON.stringify(dashboard.panels).matchAll(/"url":\s*"([^"]*)"/g)].map(([, url = '']) =>
        uidIn(url),
      );
      const dead = [...targets, ...inPanels].filter((uid) => !uids.includes(uid));
      const missing = uids.filter((uid) => uid !== dashboard.uid && !targets.includes(uid));
      return [
        ...dead.map((uid) => `${file}: '${uid}' is not there`),
        ...missing.map((uid) => `${file}: none to ${uid}`),
      ];
    });
  },

  "thresholds are the alerts' that the panel names": (files, alerts) =>
    files.flatMap(({ file, dashboard }) =>
      shown(dashboard.panels).flatMap((panel) => {
        const [actual, expected] = [stepsOf(panel), expectedSteps(panel, alerts)];
        return actual === expected ? [] : [`${file} '${panel.title}': ${actual} instead of ${expected}`];
      }),
    ),

  'every alert has a panel': (files, alerts) => {
    const named = files.flatMap(({ dashboard }) => dashboard.panels.flatMap(alertsNamedBy));
    const missing = alerts.filter(({ name }) => !named.includes(name) && !WITHOUT_PANEL.includes(name));
    return missing.map(({ name }) => name);
  },
};

function each(rule: (dashboard: Dashboard) => string[]): ModelRule {
  return (files) => files.flatMap(({ file, dashboard }) => rule(dashboard).map((text) => `${file}: ${text}`));
}

function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

function overlap(a: Panel, b: Panel): boolean {
  const [p, q] = [a.gridPos, b.gridPos];
  return p.x < q.x + q.w && q.x < p.x + p.w && p.y < q.y + q.h && q.y < p.y + p.h;
}

export function uidIn(url: string): string {
  return /^\/d\/([\w-]+)/.exec(url)?.[1] ?? url;
}

function alertsNamedBy({ description = '' }: Panel): string[] {
  const [, list = ''] = / Alerts?: ([^.]+)\.$/.exec(description) ?? [];
  return list === '' ? [] : list.split(', ');
}

/** `green, orange from 0.06, red from 0.144`. A panel without alerts has one colour. */
function stepsOf({ fieldConfig }: Panel): string {
  const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
  return describe(steps.map(({ color, value }) => ({ color, value })));
}

function expectedSteps(panel: Panel, alerts: readonly Alert[]): string {
  const limits = alertsNamedBy(panel).map((name) => {
    const alert = alerts.find((one) => one.name === name);
    const limit = alert === undefined ? null : limitOf(alert);
    if (!alert || !limit) return { value: Number.NaN, isBelow: false, color: `no alert ${name} with a number` };
    return { ...limit, color: COLOURS[alert.labels['severity'] ?? ''] ?? 'no severity' };
  });
  if (panel.type === 'heatmap') return '';
  const below = limits.find(({ isBelow }) => isBelow);
  if (below)
    return describe([
      { color: below.color, value: null },
      { color: 'green', value: below.value },
    ]);
  const sorted = [...limits].sort((a, b) => a.value - b.value);
  return describe([{ color: 'green', value: null }, ...sorted]);
}

function describe(steps: readonly { readonly color: string; readonly value: number | null }[]): string {
  return steps.map(({ color, value }) => (value === null ? color : `${color} from ${value}`)).join(', ');
}
