/**
 * Variables filled in as Grafana does: $__interval from the range and the width of the panel, $__rate_interval from
 * that and the scrape interval, and the choices of job and instance as a regular expression.
 */

import type { Span } from './ruled-prometheus.js';

export interface View {
  readonly rangeSeconds: number;
  readonly scrapeSeconds: number;
  /** What is chosen above the panels; all when it is empty. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
}

/** A panel a thousand pixels wide. */
const POINTS = 1000;
/** Steps to which Grafana rounds, as far as they matter here. */
const STEPS_SECONDS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600];
const SCRAPES_PER_RATE = 4;

export function fill(expr: string, view: View): string {
  const interval = intervalOf(view);
  const rateInterval = Math.max(interval + view.scrapeSeconds, SCRAPES_PER_RATE * view.scrapeSeconds);
  const values: Readonly<Record<string, string>> = {
    __interval: `${interval}s`,
    __rate_interval: `${rateInterval}s`,
    __range: `${view.rangeSeconds}s`,
    ...Object.fromEntries(Object.entries(view.choices).map(([name, chosen]) => [name, asPattern(chosen)])),
  };
  return expr.replaceAll(/\$\{?(\w+)\}?/g, (text, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${text} is not known`);
    return value;
  });
}

export function intervalOf({ rangeSeconds, scrapeSeconds }: View): number {
  const step = STEPS_SECONDS.find((one) => one >= rangeSeconds / POINTS) ?? 3600;
  return Math.max(step, scrapeSeconds);
}

export function spanOf(view: View, endSeconds: number): Span {
  return { startSeconds: endSeconds - view.rangeSeconds, endSeconds, stepSeconds: intervalOf(view) };
}

/** For all, the variable's `allValue`. Backslashes are doubled, because this goes into a string of PromQL. */
function asPattern(chosen: readonly string[]): string {
  if (chosen.length === 0) return '.+';
  const escaped = chosen.map((value) => value.replaceAll(/[\\^$*+?.()|[\]{}]/g, '\\\\$&'));
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}
