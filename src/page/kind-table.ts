/**
 * How sessions of each kind ended in the last minutes; `cdp` are those over WebSocket.
 */
import { find, headOf, make, say } from './elements.js';
import type { Recent } from './figures.js';
import { count } from './format.js';
import { kindsOf, shareText } from './health.js';

export function createKindTable(): (recent: Recent) => void {
  const card = find('kinds-card', HTMLDivElement);
  const body = find('kinds', HTMLTableSectionElement);
  return (recent) => {
    const kinds = kindsOf(recent);
    card.hidden = kinds.length === 0;
    while (body.rows.length < kinds.length) body.append(emptyRow());
    while (body.rows.length > kinds.length) body.deleteRow(-1);
    for (const [index, { kind, ended, failed, failedShare, refused }] of kinds.entries()) {
      const share = failed === 0 ? '0' : `${count(failed)} (${shareText(failedShare)})`;
      const texts = [kind, count(ended), share, count(refused)];
      for (const [column, text] of texts.entries()) {
        const cell = body.rows[index]?.cells[column];
        if (cell) say(cell, text);
        cell?.classList.toggle('zero', text === '0');
      }
    }
  };
}

function emptyRow(): HTMLTableRowElement {
  return make('tr', {}, [headOf('', 'row'), ...[0, 1, 2].map(() => make('td', { className: 'number' }))]);
}
