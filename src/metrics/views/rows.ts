/**
 * The JSON text of rows as they are shown. Closed rows never change, so their text is made once and kept. It is made
 * again only when the ring of session times has lapped into the row, or when the row is shown in another way. The live
 * row is made anew each time. Main thread.
 */
import { FIELDS, type Field } from '../fields.js';
import type { Ring } from '../ring.js';
import { SESSION_TIMES_HELD } from '../ring.js';
import { mergeRow, W, word } from '../row.js';
import type { MergedRow } from './points.js';
import type { ShownRow } from './shown.js';

interface RowText {
  /** The row as a JSON object, with and without `sessionTimes`. */
  readonly full: string;
  readonly bare: string;
  /** The elements of `sessionTimes`, joined by commas. */
  readonly times: string;
  /** How many entries of `sessionTimes` are no longer held. */
  readonly dropped: number;
}

export interface RowTexts {
  of(shown: ShownRow): RowText;
}

export function createRowTexts(ring: Ring): RowTexts {
  // One entry for each held row, at the same place as in the ring, so the ring's size bounds it.
  const seats = ring.periods + 2;
  const kept: (ShownRow & { readonly text: RowText })[] = Array.from({ length: seats });
  return {
    of(shown) {
      const { from, to, date } = shown;
      const known = kept[to % seats];
      const isSame = known?.to === to && known.from === from && known.date === date;
      const dropped = droppedIn(ring, { from, to: to + 1 });
      if (isSame && known.text.dropped === dropped) return known.text;
      const text = render(ring, shown, dropped);
      if (to < ring.closed()) kept[to % seats] = { ...shown, text };
      return text;
    },
  };
}

/**
 * The figures of a row as it is shown, float64[ROW_WORDS]. This is the stored row itself when it is shown unchanged.
 */
export function figuresOf(ring: Ring, { from, to, date }: ShownRow): Float64Array {
  const first = ring.row(from);
  if (from === to && word(first, 'date') === date) return first;
  const merged = first.slice();
  for (let sequence = from + 1; sequence <= to; sequence++) mergeRow(merged, ring.row(sequence));
  merged[W.date] = date;
  return merged;
}

/** How many of a row's session times the ring has overwritten. */
export function droppedOf(ring: Ring, sequence: number): number {
  const row = ring.row(sequence);
  const lost = ring.timesWritten() - SESSION_TIMES_HELD - word(row, 'timesStart');
  return Math.min(Math.max(lost, 0), word(row, 'settled'));
}

/**
 * The same over the rows [from, to). It grows with each entry that one of them loses, so it also says whether a text
 * made of these rows is still true. The first row's number alone would not, once that row has lost all entries. Each
 * row is asked, because rows may also have lost entries with a damaged file.
 */
export function droppedIn(ring: Ring, { from, to }: { readonly from: number; readonly to: number }): number {
  let dropped = 0;
  for (let sequence = from; sequence < to; sequence++) dropped += droppedOf(ring, sequence);
  return dropped;
}

/** `"name":value` of the columns, in order; `null` where `sessionTimes` belongs. */
export function columns(row: Float64Array, fields: readonly Field[], dropped: number): (string | null)[] {
  return fields.map((field) => {
    if (field.name === 'sessionTimes') return null;
    const value = field.of ? field.of(row) : dropped;
    return `"${field.name}":${value}`;
  });
}

/** A merged row as a JSON object without session times; not kept. Its last keys say which span it covers. */
export function mergedText(ring: Ring, row: MergedRow): string {
  const dropped = droppedIn(ring, { from: row.from, to: row.to + 1 });
  const parts = columns(figuresOf(ring, row), FIELDS, dropped).filter((part) => part !== null);
  return `{${parts.join()},"until":${row.untilMs},"periods":${row.periodCount}}`;
}

function render(ring: Ring, shown: ShownRow, dropped: number): RowText {
  const pieces: string[] = [];
  for (let sequence = shown.from; sequence <= shown.to; sequence++) {
    const row = ring.row(sequence);
    const start = word(row, 'timesStart');
    const held = ring.times(start, start + word(row, 'settled'));
    if (held.length > 0) pieces.push(held.join());
  }
  const times = pieces.join();
  const parts = columns(figuresOf(ring, shown), FIELDS, dropped);
  return {
    full: `{${parts.map((part) => part ?? `"sessionTimes":[${times}]`).join()}}`,
    bare: `{${parts.filter((part) => part !== null).join()}}`,
    times,
    dropped,
  };
}
