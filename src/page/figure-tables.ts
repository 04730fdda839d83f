/**
 * The figures as tables: each for the period that is open, from the last event, and for the part of the week that the
 * charts show, from `/metrics/all`. The table below says what there is; names are those of `/metrics`.
 */
import { find, headOf, make, say, showNumber } from './elements.js';
import type { FigureName, Figures, Row } from './figures.js';
import { clock, count, duration } from './format.js';

const TABLES: readonly {
  readonly caption: string;
  readonly rows: readonly { readonly name: FigureName; readonly label: string; readonly mark?: string }[];
}[] = [
  {
    caption: 'Sessions that ran',
    rows: [
      { name: 'successful', label: 'Ended well', mark: 'successful' },
      { name: 'error', label: 'Failed', mark: 'error' },
      { name: 'timedout', label: 'Timed out', mark: 'timedout' },
      { name: 'maxConcurrent', label: 'Most at once' },
      { name: 'totalTime', label: 'Run time in all' },
      { name: 'units', label: 'Units of 30 s' },
    ],
  },
  {
    caption: 'Waited, or never ran',
    rows: [
      { name: 'queued', label: 'Had to wait' },
      { name: 'rejected', label: 'Rejected: queue full', mark: 'rejected' },
      { name: 'expired', label: 'Expired while waiting' },
      { name: 'abandoned', label: 'Left while waiting' },
      { name: 'unhealthy', label: 'Refused: overloaded' },
      { name: 'unavailable', label: 'Refused: not ready' },
      { name: 'unauthorized', label: 'Wrong or no token' },
    ],
  },
  {
    caption: 'Run times',
    rows: [
      { name: 'p50Time', label: 'Median' },
      { name: 'p95Time', label: '95th percentile' },
      { name: 'p99Time', label: '99th percentile' },
      { name: 'meanTime', label: 'Mean' },
      { name: 'minTime', label: 'Shortest' },
      { name: 'maxTime', label: 'Longest' },
      { name: 'maxQueueTime', label: 'Longest wait before' },
    ],
  },
];

interface FigureTables {
  showPeriod(row: Row): void;
  showView(figures: Figures): void;
}

export function createFigureTables(): FigureTables {
  const cells: { readonly name: FigureName; readonly period: HTMLDataElement; readonly view: HTMLDataElement }[] = [];
  const periods: HTMLElement[] = [];
  const tables = TABLES.map(({ caption, rows }) => {
    const period = headOf('This period', 'col', 'number');
    periods.push(period);
    const head = make('tr', {}, [headOf(caption, 'col'), period, headOf('In view', 'col', 'number')]);
    const body = rows.map(({ name, label, mark }) => {
      const row = headOf(label, 'row');
      if (mark !== undefined) row.dataset['mark'] = mark;
      const one = { name, period: make('data', { text: '–' }), view: make('data', { text: '–' }) };
      one.period.id = `period-${name}`;
      one.view.id = `view-${name}`;
      cells.push(one);
      return make('tr', {}, [
        row,
        ...[one.period, one.view].map((data) => make('td', { className: 'number' }, [data])),
      ]);
    });
    return make('div', { className: 'card' }, [
      make('table', {}, [
        make('caption', { text: caption, className: 'unseen' }),
        make('thead', {}, [head]),
        make('tbody', {}, body),
      ]),
    ]);
  });
  find('figures', HTMLDivElement).append(...tables);
  const show = (which: 'period' | 'view', figures: Figures): void => {
    const hasEnded = figures.successful + figures.error + figures.timedout > 0;
    for (const cell of cells) {
      const value = figures[cell.name];
      const isTime = cell.name.endsWith('Time');
      // No time is not a short time.
      const isNone = isTime && cell.name !== 'maxQueueTime' && !hasEnded;
      showNumber(cell[which], value, isNone ? '–' : isTime ? duration(value) : count(value));
      cell[which].classList.toggle('zero', value === 0);
    }
  };
  return {
    showPeriod(row) {
      for (const head of periods) say(head, `Since ${clock(row.date)}`);
      show('period', row);
    },
    showView: (figures) => show('view', figures),
  };
}
