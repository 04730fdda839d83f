/**
 * The table of workers: each thread, its browser, and how many sessions it has.
 */
import { find, headOf, make, say } from './elements.js';
import type { WorkerState } from './figures.js';

const COLUMNS = ['state', 'browser', 'sessions', 'pid'] as const;
const IS_NUMBER: readonly string[] = ['sessions', 'pid'];

export function createWorkerTable(): (workers: readonly WorkerState[]) => void {
  const body = find('workers', HTMLTableSectionElement);
  return (workers) => {
    while (body.rows.length < workers.length) body.append(rowOf(body.rows.length));
    while (body.rows.length > workers.length) body.deleteRow(-1);
    for (const [index, worker] of workers.entries()) {
      const cells = body.rows[index]?.cells;
      for (const [column, name] of COLUMNS.entries()) {
        const cell = cells?.[column + 1];
        if (!cell) continue;
        say(cell, String(worker[name] ?? '–'));
        if (name === 'browser') cell.dataset['state'] = worker.browser;
      }
    }
  };
}

function rowOf(index: number): HTMLTableRowElement {
  const cells = COLUMNS.map((name) => make('td', { className: IS_NUMBER.includes(name) ? 'number' : '' }));
  return make('tr', {}, [headOf(String(index), 'row', 'number'), ...cells]);
}
