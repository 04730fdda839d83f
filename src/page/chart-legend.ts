/**
 * A chart's legend: its series with the values at the pointer, or of all that is in view; and the chart in words.
 */
import type { ChartSpec } from './chart-specs.js';
import { make, say } from './elements.js';
import type { Row } from './figures.js';
import type { Points } from './points.js';
import type { Range } from './view.js';

interface Legend {
  readonly element: HTMLElement;
  /** The time that its values belong to. */
  readonly when: HTMLElement;
  /** `when`: the time that the values belong to. Null: there are no values. */
  show(row: Row | null, when: string): void;
  /** Describes the chart in words: the most and the latest of each series within the range. */
  summary(points: Points, range: Range): string;
}

export function createLegend({ series, scale }: ChartSpec): Legend {
  const values = series.map(() => make('data', { text: '–' }));
  const items = series.map(({ label, colour, line }, index) => {
    const swatch = make('i', { className: 'swatch' });
    swatch.dataset['line'] = line;
    swatch.style.setProperty('--colour', `var(--${colour})`);
    return make('li', {}, [swatch, make('span', { text: label }), ...values.slice(index, index + 1)]);
  });
  const whenText = make('span', { className: 'muted' });
  const textOf = (value: number | null): string => (value === null ? '–' : scale.text(value));
  return {
    when: whenText,
    element: make('ul', { className: 'legend' }, items),
    show(row, when) {
      say(whenText, when);
      for (const [index, { of }] of series.entries()) {
        const element = values[index];
        if (element) say(element, textOf(row && of(row)));
      }
    },
    summary(points, range) {
      const rows = points.rows.filter((row, index) => {
        const ms = (points.seconds[index] ?? 0) * 1_000;
        return row !== null && ms >= range.fromMs && ms <= range.toMs;
      });
      const told = series.map(({ label, of }) => {
        const seen = rows.map((row) => row && of(row)).filter((value) => value !== null);
        const last = seen.at(-1);
        if (last === undefined) return `${label}: none`;
        const most = seen.reduce((max, value) => Math.max(max, value), 0);
        return `${label}: at most ${textOf(most)}, at last ${textOf(last)}`;
      });
      return `${told.join('; ')}.`;
    },
  };
}
