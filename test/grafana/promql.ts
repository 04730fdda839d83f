/**
 * As much of PromQL as these tests have to see: which series an expression selects, with which matchers and over which
 * range, and by which labels it groups. No parser: that an expression is valid is for Prometheus to say.
 */

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** What is between the brackets, `$__rate_interval`; null without. */
  readonly range: string | null;
  /** The function right around it, `rate`; null when there is none. */
  readonly call: string | null;
}

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

const STRING = '"(?:[^"\\\\]|\\\\.)*"';
const CALL = '(?:\\b([a-z_]\\w*)\\s*\\(\\s*)?';
/** Not within a longer word, a number's unit or a variable, and not a function's name. */
const NAME = '(?<![\\w$:])([a-zA-Z_:][\\w:]*)(?![\\w:]|\\s*\\()';
const SELECTOR = new RegExp(`${CALL}${NAME}(\\{(?:[^{}"]|${STRING})*\\})?(\\[[^\\]]*\\])?`, 'g');
const MATCHER = new RegExp(`(\\w+)\\s*(=~|!~|!=|=)\\s*(${STRING})`, 'g');
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
/** Words that stand where a metric could. Aggregations do when their `by (…)` has been taken away. */
const WORDS = new Set(
  ['and or unless bool offset inf nan', 'sum min max avg count stddev stdvar topk bottomk quantile group'].flatMap(
    (words) => words.split(' '),
  ),
);

export function selectorsOf(expr: string): Selector[] {
  return [...expr.replaceAll(GROUPING, ' ').matchAll(SELECTOR)].flatMap(
    ([, call = null, metric = '', braces = '', brackets]) => {
      if (WORDS.has(metric)) return [];
      const matchers = [...braces.matchAll(MATCHER)].map(([, label = '', operator = '', value = '']) => ({
        label,
        operator,
        value: value.slice(1, -1),
      }));
      return [{ metric, matchers, range: brackets?.slice(1, -1) ?? null, call }];
    },
  );
}

/** The labels in `by (…)`, `on (…)` and the like. */
export function groupingLabelsOf(expr: string): string[] {
  return [...expr.matchAll(GROUPING)].flatMap(([, list = '']) => list.split(',').map((label) => label.trim()));
}
