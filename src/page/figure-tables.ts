/**
 * The figures as tables. Each has a column for the row under the pointer, or else for the open period, and one for the
 * part of the week that the charts show, from `/metrics/all`. The names below are those of `/metrics`.
 */
import { find, headOf, make, say, showNumber } from './elements.js';
import type { FigureName, Figures, Row } from './figures.js';
import { clock, count, dayAndClock, duration } from './format.js';
import type { PointedRow, Shown } from './history-section.js';

interface TableSpec {
  readonly caption: string;
  /** The head of the middle column. */
  readonly place: 'before' | 'within' | 'after';
  /** The line that stands in place of an empty table. */
  readonly none: string;
  readonly rows: readonly { readonly name: FigureName; readonly label: string; readonly mark?: string }[];
}

const TABLES: readonly TableSpec[] = [
  {
    caption: 'Sessions that ran',
    place: 'before',
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
    place: 'within',
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
    place: 'after',
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

export interface FigureTables {
  /** The open period. */
  showLive(row: Row): void;
  /** The row under the pointer; null: none. */
  showPointed(pointed: PointedRow | null): void;
  /** Which part of the week is in view, and whether the open period is in it. */
  setView(view: Shown): void;
  showView(figures: Figures): void;
}

export function createFigureTables(): FigureTables {
  const tables = TABLES.map(createTable);
  const none = find('figures-none', HTMLParagraphElement);
  // Short tables share a column.
  const places = { before: 'beforebegin', within: 'afterbegin', after: 'afterend' } as const;
  const stack = find('figures', HTMLDivElement);
  for (const { spec, card } of tables) stack.insertAdjacentElement(places[spec.place], card);
  let live: Row | null = null;
  let pointed: PointedRow | null = null;
  let view: Figures | null = null;
  let isLatest = true;
  let isAsked = false;

  /** The open period is shown only while it is in view. */
  const periodOf = (): { readonly head: string; readonly figures: Figures | null } => {
    if (pointed) return { head: dayAndClock(pointed.range.fromMs), figures: pointed.row };
    return live && isLatest
      ? { head: `Since ${clock(live.date)}`, figures: live }
      : { head: 'Pointed at', figures: null };
  };
  const show = (): void => {
    const { head, figures } = periodOf();
    for (const table of tables) table.show(head, figures, view);
    // Empty rows and empty tables take no room. While the page waits for an answer, all stays as it is.
    if (isAsked) return;
    for (const table of tables) table.fold([live, view, figures].filter((one) => one !== null));
    const empty = tables.filter(({ card }) => card.hidden).map(({ spec }) => spec.none);
    say(none, empty.filter((text) => text !== '').join(' '));
    none.hidden = none.textContent === '';
  };
  return {
    showLive(row) {
      live = row;
      show();
    },
    showPointed(newPointed) {
      pointed = newPointed;
      show();
    },
    setView(shown) {
      isLatest = shown.isLatest;
      if (shown.isNew) {
        isAsked = true;
        view = null;
      }
      show();
    },
    showView(figures) {
      isAsked = false;
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
    show(head: string, period: Figures | null, view: Figures | null) {
      say(periodHead, head);
      for (const row of rows) row.show(period, view);
    },
    fold(figures: readonly Figures[]) {
      for (const { element, name } of rows) element.hidden = figures.every((one) => one[name] === 0);
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
    name,
    show(...figures: readonly (Figures | null)[]) {
      for (const [index, cell] of cells.entries()) fill(cell, name, figures[index] ?? null);
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
  // A time of none is a dash, not 0 ms.
  const isNone = isTime && name !== 'maxQueueTime' && figures.successful + figures.error + figures.timedout === 0;
  showNumber(cell, value, isNone ? '–' : isTime ? duration(value) : count(value));
  cell.classList.toggle('zero', value === 0);
}
