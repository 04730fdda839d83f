/**
 * The rows behind the charts as a table, for people who read numbers rather than lines. Filled only while it is open.
 */
import { find, headOf, make, say } from './elements.js';
import type { Row } from './figures.js';
import { count, dayAndClock, duration, percent } from './format.js';

/** More rows would be a download, not a table. */
const ROWS_MAX = 300;

const COLUMNS: readonly { readonly label: string; readonly of: (row: Row) => string }[] = [
  { label: 'Ended well', of: (row) => count(row.successful) },
  { label: 'Failed', of: (row) => count(row.error) },
  { label: 'Timed out', of: (row) => count(row.timedout) },
  { label: 'Rejected', of: (row) => count(row.rejected) },
  { label: 'Waited', of: (row) => count(row.queued) },
  { label: 'p50', of: (row) => duration(row.p50Time) },
  { label: 'p95', of: (row) => duration(row.p95Time) },
  { label: 'p99', of: (row) => duration(row.p99Time) },
  { label: 'Most at once', of: (row) => count(row.maxConcurrent) },
  { label: 'CPU', of: (row) => percent(row.cpu) },
  { label: 'Memory', of: (row) => percent(row.memory) },
];

interface RowsTable {
  /** `rows` oldest first. */
  show(rows: readonly Row[]): void;
}

/** `onOpen` is called when somebody wants to see it. */
export function createRowsTable(onOpen: () => void): RowsTable {
  const toggle = find('rows-toggle', HTMLDetailsElement);
  const body = find('rows', HTMLTableSectionElement);
  const caption = find('rows-caption', HTMLTableCaptionElement);
  const heads = ['Period from', ...COLUMNS.map(({ label }) => label)];
  find('rows-head', HTMLTableRowElement).append(
    ...heads.map((label, index) => headOf(label, 'col', index === 0 ? '' : 'number')),
  );
  toggle.addEventListener('toggle', () => {
    if (toggle.open) onOpen();
    else body.replaceChildren();
  });
  return {
    show(rows) {
      if (!toggle.open) return;
      const shown = rows.slice(-ROWS_MAX).reverse();
      const isCut = shown.length < rows.length;
      say(
        caption,
        `${isCut ? `The latest ${count(shown.length)} of ` : ''}${count(rows.length)} periods, latest first`,
      );
      // Rows are changed in place, so that a reader keeps their place and selection.
      while (body.rows.length < shown.length) body.append(emptyRow());
      while (body.rows.length > shown.length) body.deleteRow(-1);
      for (const [index, row] of shown.entries()) fill(body.rows[index], row);
    },
  };
}

function emptyRow(): HTMLTableRowElement {
  return make('tr', {}, [headOf('', 'row'), ...COLUMNS.map(() => make('td', { className: 'number' }))]);
}

function fill(element: HTMLTableRowElement | undefined, row: Row): void {
  const texts = [dayAndClock(row.date), ...COLUMNS.map(({ of }) => of(row))];
  for (const [index, text] of texts.entries()) {
    const cell = element?.cells[index];
    if (cell) say(cell, text);
  }
}
