/**
 * A dashboard as Grafana's own types have it, with what those leave open filled in: the options and the fields of each
 * type of panel, the values of overrides, and the queries of Prometheus. Types only: `schema.test.ts` writes each
 * dashboard down as a literal of this type, for which the compiler finds unknown keys and values.
 */

import type * as grafana from '@grafana/schema';
import type {
  FieldConfig as HeatmapField,
  Options as HeatmapOptions,
} from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.js';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.js';
import type {
  FieldConfig as TimelineField,
  Options as TimelineOptions,
} from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.js';
import type {
  FieldConfig as TableField,
  Options as TableOptions,
} from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.js';
import type {
  FieldConfig as SeriesField,
  Options as SeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.js';

/** The types of panels that are in use: their options, and what a field of theirs has beside what every field has. */
interface Panels {
  stat: { options: stat.Options; custom: object };
  timeseries: { options: SeriesOptions; custom: SeriesField };
  heatmap: { options: HeatmapOptions; custom: HeatmapField };
  table: { options: TableOptions; custom: TableField };
  'state-timeline': { options: TimelineOptions; custom: TimelineField };
}

export type GrafanaDashboard = Omit<Plain<grafana.Dashboard>, 'panels' | 'templating' | 'annotations'> & {
  panels: (Plain<grafana.RowPanel> | { [Type in keyof Panels]: PanelOf<Type> }[keyof Panels])[];
  templating: { list: Variable[] };
  annotations: { list: Annotation[] };
};

type PanelOf<Type extends keyof Panels> = Omit<
  Plain<grafana.Panel>,
  'type' | 'options' | 'fieldConfig' | 'targets' | 'datasource'
> & {
  type: Type;
  datasource: Plain<grafana.DataSourceRef>;
  options: Given<Panels[Type]['options']>;
  targets: PrometheusQuery[];
  fieldConfig: { defaults: Field & { custom?: Given<Panels[Type]['custom']> }; overrides: Override<Type>[] };
};

type Field = Omit<Plain<grafana.FieldConfig>, 'custom'>;

interface Override<Type extends keyof Panels> {
  matcher: { id: 'byName' | 'byRegexp' | 'byType' | 'byFrameRefID'; options: string };
  properties: (Property<Field, ''> | Property<Plain<Panels[Type]['custom']>, 'custom.'>)[];
}

/** An override names what it is of as a path, and has a value of that type. */
type Property<Of, Prefix extends string> = {
  [Key in keyof Of & string]-?: { id: `${Prefix}${Key}`; value: Exclude<Of[Key], undefined> };
}[keyof Of & string];

/** Of Grafana's data source, which has its types elsewhere. */
interface PrometheusQuery {
  refId: string;
  datasource: Plain<grafana.DataSourceRef>;
  expr: string;
  legendFormat: string;
  format: 'time_series' | 'table' | 'heatmap';
  range: boolean;
  instant?: boolean;
}

/** `definition` is how Grafana's list of variables shows a query. */
type Variable = Plain<grafana.VariableModel> & { definition?: string };

type Annotation = Plain<grafana.AnnotationQuery> & {
  expr?: string;
  step?: string;
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
  useValueForTime?: boolean;
};

/** Enums as the values that they have in JSON. */
type Plain<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Key in keyof T]: Plain<T[Key]> }
      : T;

/** What is left out has the panel's own default. */
type Given<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Item)[]
    ? Given<Item>[]
    : T extends object
      ? { [Key in keyof T]?: Given<T[Key]> }
      : T;
