/**
 * What Grafana writes into a panel that shows numbers instead of drawing them. Two things that differ between its
 * versions are both asked for here: NaN is handed on as it is or taken for null, and without a series it writes the
 * text of null or that of `noValue`.
 */

import type { Panel } from './dashboards.js';

/** As Grafana names them. */
export const NUMBER_PANELS = ['stat', 'gauge', 'bargauge', 'table'];
/** Of mappings: the values that each covers. */
const SPECIALS: Readonly<Record<string, readonly string[]>> = {
  null: ['null'],
  nan: ['NaN'],
  'null+nan': ['null', 'NaN'],
};

/**
 * The texts that the panel may show for `value`, null for none: a number, or the text that the panel has for it. What
 * nobody meant comes as Grafana writes it: `NaN`, `Infinity`, `No data`.
 */
export function textsFor({ fieldConfig }: Panel, value: number | null): string[] {
  const { mappings = [], noValue = 'No data' } = fieldConfig?.defaults ?? {};
  const mapped = (one: number | null): string | undefined => {
    for (const mapping of mappings) {
      if (mapping.type === 'value' && mapping.options[String(one)]) return mapping.options[String(one)]?.text;
      if (mapping.type === 'special' && SPECIALS[mapping.options.match]?.includes(String(one)))
        return mapping.options.result.text;
    }
    return undefined;
  };
  if (value === null) return [mapped(null) ?? noValue, noValue];
  if (Number.isNaN(value)) return [mapped(value) ?? 'NaN', mapped(null) ?? noValue];
  return [mapped(value) ?? String(value)];
}

/** Whether `texts` say one thing, and it is one that somebody meant. */
export function isSaid(texts: readonly string[]): boolean {
  const [text = ''] = texts;
  return texts.every((one) => one === text) && !['', 'NaN', 'Infinity', '-Infinity', 'No data'].includes(text);
}
