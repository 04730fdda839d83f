/**
 * The table of shards: each worker thread, its browser, and how many sessions it has.
 */
import { find, headOf, make, say } from './elements.js';
import type { Shard } from './figures.js';

const COLUMNS = ['state', 'browser', 'sessions', 'pid'] as const;
const IS_NUMBER: readonly string[] = ['sessions', 'pid'];

export function createShardTable(): (shards: readonly Shard[]) => void {
  const body = find('shards', HTMLTableSectionElement);
  return (shards) => {
    while (body.rows.length < shards.length) body.append(rowOf(body.rows.length));
    while (body.rows.length > shards.length) body.deleteRow(-1);
    for (const [index, shard] of shards.entries()) {
      const cells = body.rows[index]?.cells;
      for (const [column, name] of COLUMNS.entries()) {
        const cell = cells?.[column + 1];
        if (!cell) continue;
        say(cell, String(shard[name] ?? '–'));
        if (name === 'browser') cell.dataset['state'] = shard.browser;
      }
    }
  };
}

function rowOf(index: number): HTMLTableRowElement {
  const cells = COLUMNS.map((name) => make('td', { className: IS_NUMBER.includes(name) ? 'number' : '' }));
  return make('tr', {}, [headOf(String(index), 'row', 'number'), ...cells]);
}
