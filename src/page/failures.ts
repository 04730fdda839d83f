/**
 * The table of the last failures: what failed, when, why and at which page. Asked for when the counts say that there is
 * a new one.
 */
import type { Api } from './api.js';
import { find, make } from './elements.js';
import { type FailureGroup, groupFailures } from './failure-groups.js';
import { failuresOf, type Row } from './figures.js';
import { clockWithSeconds, count } from './format.js';

const ROWS_MAX = 20;
/** So many show which kind is frequent. */
const ASKED = 100;
/** Counts that grow with each failure or refusal. */
const COUNTS = ['error', 'timedout', 'rejected', 'unhealthy', 'expired', 'abandoned', 'unavailable'] as const;

interface FailureTable {
  /** Asks the server when there may be new failures. Never rejects. */
  refresh(row: Row): Promise<void>;
}

export function createFailureTable(api: Api): FailureTable {
  const card = find('failures-card', HTMLElement);
  const body = find('failures', HTMLTableSectionElement);
  let seen = '';
  return {
    async refresh(row) {
      const state = [row.date, ...COUNTS.map((name) => row[name])].join();
      if (state === seen) return;
      const before = seen;
      seen = state;
      try {
        const groups = groupFailures(failuresOf(await api.json(`failures?last=${ASKED}`)));
        card.hidden = groups.length === 0;
        body.replaceChildren(...groups.slice(0, ROWS_MAX).map(rowOf));
      } catch {
        // The next event asks again, and the stream notices when the server is gone.
        seen = before;
      }
    },
  };
}

function rowOf({ times, latest }: FailureGroup): HTMLTableRowElement {
  const { id, kind, reason, message, host, status, when } = latest;
  const cells = [
    make('td', { text: clockWithSeconds(when) }),
    make('td', { text: count(times), className: 'number' }),
    make('td', { text: reason }),
    make('td', { text: host ?? '–', className: 'code' }),
    make('td', { text: String(status ?? '–'), className: 'number' }),
    make('td', { text: message, className: 'message' }),
    make('td', { text: kind }),
    make('td', { text: id, className: 'code' }),
  ];
  return make('tr', {}, cells);
}
