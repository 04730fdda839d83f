/**
 * What a worker counts of clients over WebSocket. They get up to thousands of frames a second, and a lane has no room
 * for a record each. So the counts are kept here and written as one delta a cell. Runs in a worker thread; counting
 * allocates nothing.
 */
import type { RecordDelta } from '../metrics/delta.js';
import type { Layout } from '../metrics/layout.js';
import { REFUSED_METHODS } from '../protocol/names.js';

export interface ClientTally {
  frame(direction: 'sent' | 'received'): void;
  page(): void;
  /** A command was not let through. One that is not in the list counts as `other`. */
  refusal(method: string): void;
  /** Writes what was counted since the last call. */
  flush(): void;
}

const SENT = 0;
const RECEIVED = 1;
const PAGE = 2;
const OTHER = 3;

export function createClientTally(record: RecordDelta, { cellOf }: Pick<Layout, 'cellOf'>): ClientTally {
  const cells = [
    cellOf('headcount_cdp_frames_total', 'sent'),
    cellOf('headcount_cdp_frames_total', 'received'),
    cellOf('headcount_cdp_pages_total'),
    ...['other', ...REFUSED_METHODS].map((method) => cellOf('headcount_cdp_refusals_total', method)),
  ];
  const refusals = new Map<string, number>(REFUSED_METHODS.map((method, i) => [method, OTHER + 1 + i]));
  /** By place in `cells`. */
  const counts = new Uint32Array(cells.length);
  const add = (place: number): void => {
    counts[place] = (counts[place] ?? 0) + 1;
  };
  return {
    frame: (direction) => add(direction === 'sent' ? SENT : RECEIVED),
    page: () => add(PAGE),
    refusal: (method) => add(refusals.get(method) ?? OTHER),
    flush() {
      for (let place = 0; place < cells.length; place++) {
        const count = counts[place] ?? 0;
        if (count > 0) record(cells[place] ?? 0, count);
      }
      counts.fill(0);
    },
  };
}
