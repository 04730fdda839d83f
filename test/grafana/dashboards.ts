/**
 * The dashboards as data: the parts of Grafana's classic JSON model that these tests use, and every query in it. Other
 * keys are left as they are.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

export const DASHBOARD_FOLDER = 'grafana/dashboards';

const Datasource = Type.Object({ type: Type.String(), uid: Type.String() });

const Step = Type.Object({ color: Type.String(), value: Type.Union([Type.Number(), Type.Null()]) });

const Target = Type.Object({
  refId: Type.String(),
  datasource: Datasource,
  expr: Type.String(),
  legendFormat: Type.String(),
  format: Type.String(),
  range: Type.Boolean(),
  instant: Type.Optional(Type.Boolean()),
});

const MappedTo = Type.Object({ text: Type.String() });

const Mapping = Type.Union([
  Type.Object({ type: Type.Literal('value'), options: Type.Record(Type.String(), MappedTo) }),
  Type.Object({
    type: Type.Literal('special'),
    options: Type.Object({ match: Type.String(), result: MappedTo }),
  }),
]);

const Panel = Type.Object({
  id: Type.Integer(),
  type: Type.String(),
  title: Type.String(),
  description: Type.Optional(Type.String()),
  gridPos: Type.Object({ x: Type.Integer(), y: Type.Integer(), w: Type.Integer(), h: Type.Integer() }),
  datasource: Type.Optional(Datasource),
  targets: Type.Optional(Type.Array(Target)),
  options: Type.Optional(
    Type.Object({
      yAxis: Type.Optional(Type.Object({ unit: Type.String() })),
      calculate: Type.Optional(Type.Boolean()),
    }),
  ),
  fieldConfig: Type.Optional(
    Type.Object({
      defaults: Type.Object({
        unit: Type.Optional(Type.String()),
        noValue: Type.Optional(Type.String()),
        mappings: Type.Optional(Type.Array(Mapping)),
        thresholds: Type.Optional(Type.Object({ mode: Type.String(), steps: Type.Array(Step) })),
      }),
      overrides: Type.Array(
        Type.Object({ properties: Type.Array(Type.Object({ id: Type.String(), value: Type.Unknown() })) }),
      ),
    }),
  ),
});

const Variable = Type.Object({
  name: Type.String(),
  label: Type.String(),
  type: Type.String(),
  query: Type.String(),
  refresh: Type.Integer(),
  multi: Type.Boolean(),
  includeAll: Type.Boolean(),
  allValue: Type.Optional(Type.String()),
  datasource: Type.Optional(Datasource),
});

const Annotation = Type.Object({
  name: Type.String(),
  builtIn: Type.Optional(Type.Integer()),
  datasource: Datasource,
  enable: Type.Boolean(),
  expr: Type.Optional(Type.String()),
});

const DashboardModel = Type.Object({
  uid: Type.String(),
  title: Type.String(),
  description: Type.String(),
  tags: Type.Array(Type.String()),
  schemaVersion: Type.Integer(),
  editable: Type.Boolean(),
  links: Type.Array(Type.Object({ title: Type.String(), type: Type.String(), url: Type.String() })),
  templating: Type.Object({ list: Type.Array(Variable) }),
  annotations: Type.Object({ list: Type.Array(Annotation) }),
  panels: Type.Array(Panel),
});

export type Dashboard = Type.Static<typeof DashboardModel>;
export type Panel = Type.Static<typeof Panel>;
export type Variable = Type.Static<typeof Variable>;

export interface DashboardFile {
  /** `overview.json` */
  readonly file: string;
  readonly dashboard: Dashboard;
}

/** @throws when a file is not JSON, or lacks a key that Grafana or these tests need. */
export function readDashboards(): DashboardFile[] {
  const model = Compile(DashboardModel);
  const files = readdirSync(DASHBOARD_FOLDER).sort();
  return files.map((file) => {
    const dashboard: unknown = JSON.parse(readFileSync(join(DASHBOARD_FOLDER, file), 'utf8'));
    if (model.Check(dashboard)) return { file, dashboard };
    const wrong = model.Errors(dashboard).map((error) => `${error.instancePath} ${error.message}`);
    throw new Error(`${file}: ${wrong.join('; ')}`);
  });
}

export interface Query {
  /** `overview.json: panel 'Queue'`, for messages. */
  readonly where: string;
  readonly expr: string;
  readonly isInstant: boolean;
  readonly from: 'panel' | 'annotation' | 'variable';
}

/** Every PromQL expression of a dashboard; of `label_values(expr, label)` the inner one. */
export function queriesOf({ file, dashboard }: DashboardFile): Query[] {
  return [
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr, instant = false }) => ({
        where: `${file}: panel '${title}' ${refId}`,
        expr,
        isInstant: instant,
        from: 'panel' as const,
      })),
    ),
    ...dashboard.annotations.list.flatMap(({ name, expr }) =>
      expr === undefined
        ? []
        : [{ where: `${file}: annotation '${name}'`, expr, isInstant: false, from: 'annotation' as const }],
    ),
    ...dashboard.templating.list.flatMap((variable) => {
      const parts = labelValuesOf(variable);
      return parts === null
        ? []
        : [
            {
              where: `${file}: variable '${variable.name}'`,
              expr: parts.expr,
              isInstant: true,
              from: 'variable' as const,
            },
          ];
    }),
  ];
}

/** `label_values(expr, label)` in its parts; null for other variables. */
export function labelValuesOf({ query }: Variable): { expr: string; label: string } | null {
  const [, expr, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
  return expr === undefined || label === undefined ? null : { expr, label };
}
