/**
 * The figures as tables: each for the period that is open, from the last event, and for the part of the week that the
 * charts show, from `/metrics/all`. The table below says what there is; names are those of `/metrics`.
 */
import { find, headOf, make, say, showNumber } from './elements.js';
import type { FigureName, Figures, Row } from './figures.js';
import { clock, count, duration } from './format.js';

interface TableSpec {
  readonly caption: string;
  /** What is said instead of a table of nothing. */
  readonly none: string;
  readonly rows: readonly { readonly name: FigureName; readonly label: string; readonly mark?: string }[];
}

const TABLES: readonly TableSpec[] = [
  {
    caption: 'Sessions that ran',
    none: 'No session has ended.',
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
    none: 'None had to wait, and none was refused.',
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
    none: '',
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
  const tables = TABLES.map(createTable);
  const none = find('figures-none', HTMLParagraphElement);
  find('figures', HTMLDivElement).append(...tables.map(({ card }) => card));
  let period: Figures | null = null;
  let view: Figures | null = null;
  /** Rows of nothing take no room, and neither do tables without rows. */
  const show = (): void => {
    for (const table of tables) table.show(period, view);
    const empty = tables.filter(({ card }) => card.hidden).map(({ spec }) => spec.none);
    say(none, empty.filter((text) => text !== '').join(' '));
    none.hidden = none.textContent === '';
  };
  return {
    showPeriod(row) {
      for (const { periodHead } of tables) say(periodHead, `Since ${clock(row.date)}`);
      period = row;
      show();
    },
    showView(figures) {
      view = figures;
      show();
    },
  };
}

function createTable(spec: TableSpec) {
  const periodHead = headOf('This period', 'col', 'number');
  const head = make('tr', {}, [headOf(spec.caption, 'col'), periodHead, headOf('In view', 'col', 'number')]);
  const rows = spec.rows.map(createRow);
  const card = make('div', { className: 'card' }, [
    make('table', {}, [
      make('caption', { text: spec.caption, className: 'unseen' }),
      make('thead', {}, [head]),
      make(
        'tbody',
        {},
        rows.map(({ element }) => element),
      ),
    ]),
  ]);
  return {
    spec,
    card,
    periodHead,
    show(period: Figures | null, view: Figures | null) {
      for (const row of rows) row.show(period, view);
      card.hidden = rows.every(({ element }) => element.hidden);
    },
  };
}

function createRow({ name, label, mark }: TableSpec['rows'][number]) {
  const head = headOf(label, 'row');
  if (mark !== undefined) head.dataset['mark'] = mark;
  const cells = ['period', 'view'].map((which) => {
    const data = make('data', { text: '–' });
    data.id = `${which}-${name}`;
    return data;
  });
  const element = make('tr', {}, [head, ...cells.map((data) => make('td', { className: 'number' }, [data]))]);
  return {
    element,
    show(...figures: readonly (Figures | null)[]) {
      for (const [index, cell] of cells.entries()) fill(cell, name, figures[index] ?? null);
      element.hidden = figures.every((one) => one === null || one[name] === 0);
    },
  };
}

function fill(cell: HTMLDataElement, name: FigureName, figures: Figures | null): void {
  if (figures === null) {
    say(cell, '–');
    return;
  }
  const value = figures[name];
  const isTime = name.endsWith('Time');
  // No time is not a short time.
  const isNone = isTime && name !== 'maxQueueTime' && figures.successful + figures.error + figures.timedout === 0;
  showNumber(cell, value, isNone ? '–' : isTime ? duration(value) : count(value));
  cell.classList.toggle('zero', value === 0);
}
