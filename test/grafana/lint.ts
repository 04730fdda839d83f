/**
 * The rules of Grafana's dashboard linter, written anew, and a few that it lacks. Each gives what is wrong, as text.
 */

import { type Dashboard, labelValuesOf, type Panel, queriesOf } from './dashboards.js';
import { selectorsOf } from './promql.js';
import { isSaid, NUMBER_PANELS, textsFor } from './shown.js';

export type Rule = (dashboard: Dashboard) => string[];

const SOURCE = '$'.concat('{datasource}');
const LABELS = { job: 'Job', instance: 'Instance' } as const;
/** Those of Grafana's units that are in use here; an unknown one would be shown as text behind the number. */
const UNITS = ['none', 'short', 'percentunit', 's', 'bytes', 'Bps', 'ops', 'reqps', 'dtdurations'];
const BUILT_IN = ['__rate_interval', '__interval', '__range', '__url_time_range'];
const RATES = ['rate', 'irate'];
const OF_COUNTERS = ['rate', 'irate', 'increase', 'last_over_time'];
const COUNTER = /_(?:total|bucket|sum|count)$/;

export const LINT_RULES: Readonly<Record<string, Rule>> = {
  'template-datasource-rule': ({ templating }) => {
    const sources = templating.list.filter(({ type }) => type === 'datasource');
    const [source] = sources;
    if (source === undefined || sources.length > 1) return [`${sources.length} data source variables`];
    const { name, label, query } = source;
    const isGood = name === 'datasource' && label === 'Data source' && query === 'prometheus';
    return isGood ? [] : [`the data source variable is ${name}, '${label}', ${query}`];
  },

  'template-job-rule': (dashboard) => labelVariable(dashboard, 'job'),
  'template-instance-rule': (dashboard) => labelVariable(dashboard, 'instance'),

  'template-label-promql-rule': ({ templating }) =>
    templating.list
      .filter((variable) => variable.type === 'query' && labelValuesOf(variable) === null)
      .map(({ name, query }) => `variable ${name}: ${query}`),

  'template-on-time-change-reload-rule': ({ templating }) =>
    templating.list
      .filter(({ type, refresh }) => type === 'query' && refresh !== 2)
      .map(({ name }) => `variable ${name}`),

  'template-uneditable-rule': ({ editable }) => (editable ? ['editable'] : []),

  'panel-datasource-rule': ({ panels, annotations, templating }) => [
    ...shown(panels).flatMap(({ title, datasource, targets = [] }) =>
      [datasource, ...targets.map((target) => target.datasource)].some((source) => source?.uid !== SOURCE)
        ? [`panel '${title}'`]
        : [],
    ),
    ...annotations.list.flatMap(({ name, builtIn, datasource }) =>
      builtIn === undefined && datasource.uid !== SOURCE ? [`annotation '${name}'`] : [],
    ),
    ...templating.list.flatMap(({ name, type, datasource }) =>
      type === 'query' && datasource?.uid !== SOURCE ? [`variable ${name}`] : [],
    ),
  ],

  'panel-title-description-rule': ({ panels }) =>
    panels.flatMap(({ id, type, title, description = '' }) =>
      title === '' || (type !== 'row' && !/^[A-Z0-9].*\.$/s.test(description)) ? [`panel ${id} '${title}'`] : [],
    ),

  'panel-units-rule': ({ panels }) =>
    shown(panels).flatMap((panel) => {
      const wrong = unitsOf(panel).filter((unit) => !UNITS.includes(unit));
      return wrong.length > 0 ? [`panel '${panel.title}': ${wrong.join()}`] : [];
    }),

  'panel-no-targets-rule': ({ panels }) =>
    shown(panels).flatMap(({ title, targets = [] }) => {
      const ids = new Set(targets.map(({ refId }) => refId));
      return targets.length === 0 || ids.size < targets.length ? [`panel '${title}'`] : [];
    }),

  'target-rate-interval-rule': (dashboard) =>
    fromPanels(dashboard, ({ call, range }) => RATES.includes(call ?? '') && range !== '$__rate_interval'),

  'target-counter-agg-rule': (dashboard) =>
    fromPanels(
      dashboard,
      ({ metric, call, range }) => COUNTER.test(metric) && !(OF_COUNTERS.includes(call ?? '') && range !== null),
    ),

  'target-job-rule': (dashboard) => fromPanels(dashboard, ({ matchers }) => !hasMatcher(matchers, 'job')),
  'target-instance-rule': (dashboard) => fromPanels(dashboard, ({ matchers }) => !hasMatcher(matchers, 'instance')),

  'quantiles keep the bounds of the buckets': (dashboard) =>
    queries(dashboard).flatMap(({ where, expr }) =>
      expr.includes('histogram_quantile') && !/\bby \((?:\w+, )*le\)/.test(expr) ? [where] : [],
    ),

  'a heatmap is of buckets': ({ panels }) =>
    panels
      .filter(({ type }) => type === 'heatmap')
      .filter(({ targets = [], options }) => {
        const isBuckets = targets.every(
          ({ format, legendFormat }) => format === 'heatmap' && legendFormat === '{{le}}',
        );
        return !isBuckets || options?.calculate !== false;
      })
      .map(({ title }) => `panel '${title}'`),

  'a panel of numbers says what there is when there is none': ({ panels }) =>
    panels
      .filter(({ type }) => NUMBER_PANELS.includes(type))
      .filter((panel) => [null, Number.NaN].some((value) => !isSaid(textsFor(panel, value))))
      .map(({ title }) => `panel '${title}'`),

  'every variable in an expression is known': (dashboard) =>
    queries(dashboard).flatMap(({ where, expr }) => {
      const known = [...BUILT_IN, ...dashboard.templating.list.map(({ name }) => name)];
      const unknown = [...expr.matchAll(/\$\{?(\w+)/g)].filter(([, name = '']) => !known.includes(name));
      return unknown.map(([text]) => `${where}: ${text}`);
    }),

  'restarts, changes of version and firing alerts are annotated': ({ annotations }) => {
    const exprs = annotations.list.flatMap(({ enable, expr }) => (enable && expr !== undefined ? [expr] : []));
    const metrics = ['process_start_time_seconds', 'headcount_build_info', 'ALERTS'];
    return metrics.filter((metric) => !exprs.some((expr) => expr.includes(`${metric}{`)));
  },
};

/** Panels that show something. */
export function shown(panels: readonly Panel[]): Panel[] {
  return panels.filter(({ type }) => type !== 'row');
}

function labelVariable({ templating }: Dashboard, name: keyof typeof LABELS): string[] {
  const variable = templating.list.find((one) => one.name === name);
  if (variable === undefined) return ['not there'];
  const { type, label, multi, includeAll, allValue, query } = variable;
  const isGood = type === 'query' && label === LABELS[name] && multi && includeAll && allValue === '.+';
  if (!isGood) return [`${type} '${label}', multi ${multi}, all ${includeAll} ${allValue}`];
  return query.endsWith(`, ${name})`) ? [] : [query];
}

/** Those of the panel itself, of its columns, and of a heatmap's axis; one that is missing as ''. */
function unitsOf({ type, fieldConfig, options }: Panel): string[] {
  if (type === 'heatmap') return [options?.yAxis?.unit ?? ''];
  const columns = (fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
    properties.flatMap(({ id, value }) => (id === 'unit' ? [String(value)] : [])),
  );
  return [fieldConfig?.defaults.unit ?? '', ...columns];
}

function queries(dashboard: Dashboard) {
  return queriesOf({ file: dashboard.uid, dashboard });
}

function fromPanels(dashboard: Dashboard, isWrong: (selector: ReturnType<typeof selectorsOf>[number]) => boolean) {
  return queries(dashboard)
    .filter(({ from }) => from === 'panel')
    .flatMap(({ where, expr }) =>
      selectorsOf(expr)
        .filter(isWrong)
        .map(({ metric }) => `${where}: ${metric}`),
    );
}

function hasMatcher(matchers: ReturnType<typeof selectorsOf>[number]['matchers'], name: string): boolean {
  return matchers.some(({ label, operator, value }) => label === name && operator === '=~' && value === `$${name}`);
}
