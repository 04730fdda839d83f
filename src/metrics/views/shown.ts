/**
 * Which rows are shown, and with which dates. A row keeps for ever the date that the clock gave it. When that clock
 * turns out to have been wrong, readers date the row anew. So a closed row never changes. As soon as the clock is
 * right, its rows are there again, also after a restart. Pure, and a cache of it. Main thread.
 *
 * The open row says what the present is. A clock was wrong when it gave a row a later date than a row after it has. It
 * was wrong too when it gave a date older than what is kept, while a row before it is newer. The latest such row
 * becomes part of the row after it. Those before it get the free periods before that, one each; the rest join the
 * earliest of these. Dates go up, no two are equal, and all sums are kept.
 */
import type { Ring } from '../ring.js';
import { word } from '../row.js';

/** The stored rows [from, to], by sequence number, that are shown as one. Usually it is one row. */
export interface ShownRow {
  readonly from: number;
  readonly to: number;
  /** Start of its period, epoch ms. */
  readonly date: number;
}

export interface ShownRows {
  /** Oldest first; the last one contains the open row. */
  readonly rows: readonly ShownRow[];
  /** Grows when a row that was closed already is shown in another way. */
  readonly revision: number;
}

/** Gives the rows that are shown. They are computed once a period, because dates change only when a row closes. */
export function createShownRows(retentionMs: number): (ring: Ring) => ShownRows {
  let last: (ShownRows & { readonly ring: Ring; readonly closed: number }) | null = null;
  return (ring) => {
    const closed = ring.closed();
    if (last?.ring === ring && last.closed === closed) return last;
    const rows = shownRows(ring, retentionMs);
    const before = new Map(last?.ring === ring ? last.rows.map((row) => [row.to, row]) : []);
    const isRevised = rows.some((row) => row.to < (last?.closed ?? 0) && !isEqual(row, before.get(row.to)));
    last = { rows, revision: (last?.revision ?? 0) + (isRevised ? 1 : 0), ring, closed };
    return last;
  };
}

function isEqual(row: ShownRow, other: ShownRow | undefined): boolean {
  return row.from === other?.from && row.date === other.date;
}

/** `retentionMs` is how long the ring keeps closed rows. */
export function shownRows(ring: Ring, retentionMs: number): ShownRow[] {
  const periodMs = retentionMs / ring.periods;
  const first = Math.max(0, ring.closed() - ring.periods);
  const dates = Array.from({ length: ring.closed() - first + 1 }, (_, i) => word(ring.row(first + i), 'date'));
  const oldest = (dates.at(-1) ?? 0) - retentionMs;
  const isRight = rightOnes(dates, oldest);
  const rightBefore = (index: number): number => isRight.lastIndexOf(true, index - 1);
  const shown: ShownRow[] = [];
  for (let to = dates.length - 1; to >= 0; ) {
    const date = dates[to] ?? 0;
    let from = to;
    let before = from === 0 ? -1 : rightBefore(from);
    // Rows that lie between two rows of one period belong to that period as well.
    while (before >= 0 && dates[before] === date) {
      from = before;
      before = from === 0 ? -1 : rightBefore(from);
    }
    const wrongCount = from - before - 1;
    // No row is dated before the epoch.
    const freeCount = before < 0 ? date / periodMs : (date - (dates[before] ?? 0)) / periodMs - 1;
    const placedCount = Math.max(0, Math.min(wrongCount - 1, Math.floor(freeCount)));
    const ends = Array.from({ length: placedCount + 1 }, (_, i) => (i === 0 ? to : from - 1 - i));
    for (const [i, end] of ends.entries()) {
      const start = i === placedCount ? before + 1 : from - 1 - i;
      shown.push({ from: first + start, to: first + end, date: date - i * periodMs });
    }
    to = before;
  }
  // After a long stop the ring still holds rows that are too old to be kept.
  return shown.filter((row) => row.date >= oldest).reverse();
}

/** Whether the clock of each row was right, as far as the rows before and after it tell. By index. */
function rightOnes(dates: readonly number[], oldest: number): boolean[] {
  const present = dates.at(-1) ?? 0;
  let latest = Number.NEGATIVE_INFINITY;
  const isRight = dates.map((date) => {
    const isBehind = date < oldest && date < latest;
    if (date <= present) latest = Math.max(latest, date);
    return !isBehind;
  });
  let limit = present;
  for (let i = dates.length - 1; i >= 0; i--) {
    const date = dates[i] ?? 0;
    if (date > limit) isRight[i] = false;
    else if (isRight[i]) limit = date;
  }
  return isRight;
}
