/**
 * The rule files as data, and which number each alert compares with: the panels' thresholds have to be the same.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';

export const RULE_FOLDER = 'grafana/prometheus/rules';
export const RULE_TEST_FOLDER = 'grafana/prometheus/tests';

const Text = Type.Record(Type.String(), Type.String());
const RuleFile = Type.Object({
  groups: Type.Array(
    Type.Object({
      name: Type.String(),
      rules: Type.Array(
        Type.Object({
          alert: Type.Optional(Type.String()),
          record: Type.Optional(Type.String()),
          expr: Type.String(),
          for: Type.Optional(Type.String()),
          labels: Type.Optional(Text),
          annotations: Type.Optional(Text),
        }),
      ),
    }),
  ),
});
const RuleTestFile = Type.Object({
  rule_files: Type.Array(Type.String()),
  tests: Type.Array(
    Type.Object({
      alert_rule_test: Type.Array(
        Type.Object({ alertname: Type.String(), exp_alerts: Type.Array(Type.Object({ exp_labels: Text })) }),
      ),
    }),
  ),
});

export interface Alert {
  readonly name: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Rules {
  readonly alerts: readonly Alert[];
  readonly recordings: readonly { readonly name: string; readonly expr: string }[];
}

export function readRules(): Rules {
  const model = Compile(RuleFile);
  const rules = yamlFilesIn(RULE_FOLDER).flatMap(({ path, content }) => {
    if (!model.Check(content)) throw new Error(`${path} is not a file of rules`);
    return content.groups.flatMap((group) => group.rules);
  });
  return {
    alerts: rules.flatMap(({ alert, expr, for: wait = '', labels = {}, annotations = {} }) =>
      alert === undefined ? [] : [{ name: alert, expr, for: wait, labels, annotations }],
    ),
    recordings: rules.flatMap(({ record, expr }) => (record === undefined ? [] : [{ name: record, expr }])),
  };
}

/** The alerts that some test expects to fire, and those that some test expects to stay silent. */
export function readRuleTests(): { readonly firing: ReadonlySet<string>; readonly silent: ReadonlySet<string> } {
  const model = Compile(RuleTestFile);
  const cases = yamlFilesIn(RULE_TEST_FOLDER).flatMap(({ path, content }) => {
    if (!model.Check(content)) throw new Error(`${path} is not a file of tests`);
    return content.tests.flatMap((one) => one.alert_rule_test);
  });
  const named = (isFiring: boolean): ReadonlySet<string> =>
    new Set(cases.flatMap((one) => (one.exp_alerts.length > 0 === isFiring ? [one.alertname] : [])));
  return { firing: named(true), silent: named(false) };
}

/** A colour that begins at a value; `below` when it is the colour of what is less. */
export interface Limit {
  readonly value: number;
  readonly isBelow: boolean;
}

/** The first number that an alert compares with. An alert on 0 is one on anything less than 1; null when on nothing. */
export function limitOf({ expr }: Pick<Alert, 'expr'>): Limit | null {
  const [, operator, number] = /(>=|>|<=|<|==|!=)\s*(-?[\d.]+(?:e-?\d+)?)/.exec(expr) ?? [];
  if (operator === undefined) return null;
  if (operator === '>=') return { value: Number(number), isBelow: false };
  if (operator === '==' && number === '0') return { value: 1, isBelow: true };
  throw new Error(`a panel cannot show '${operator} ${number}': use >=, or == 0`);
}

function yamlFilesIn(folder: string): { path: string; content: unknown }[] {
  return readdirSync(folder)
    .sort()
    .map((file) => join(folder, file))
    .map((path) => ({ path, content: parse(readFileSync(path, 'utf8')) }));
}
