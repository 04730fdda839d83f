/**
 * The JSON text of rows. Closed rows never change, so their text is made once and kept, save when the ring of session
 * times has lapped into them; the live row is made anew each time. Main thread.
 */
import { FIELDS, type Field } from '../fields.js';
import type { Ring } from '../ring.js';
import { SESSION_TIMES_HELD } from '../ring.js';
import { W, word } from '../row.js';

interface RowText {
  /** The row as a JSON object, with and without `sessionTimes`. */
  readonly full: string;
  readonly bare: string;
  /** The elements of `sessionTimes`, joined by commas. */
  readonly times: string;
  /** Entries of `sessionTimes` no longer held. */
  readonly dropped: number;
}

export interface RowTexts {
  of(sequence: number): RowText;
}

export function createRowTexts(ring: Ring): RowTexts {
  // One entry a held row, found as the ring finds its rows: bounded by the ring's own size.
  const seats = ring.periods + 2;
  const kept: ({ readonly sequence: number; readonly text: RowText } | undefined)[] = Array.from({ length: seats });
  return {
    of(sequence) {
      const known = kept[sequence % seats];
      if (known?.sequence === sequence && known.text.dropped === droppedOf(ring, sequence)) return known.text;
      const text = render(ring, sequence);
      if (sequence < ring.closed()) kept[sequence % seats] = { sequence, text };
      return text;
    },
  };
}

/** Entries of a row's session times that the ring has overwritten. */
export function droppedOf(ring: Ring, sequence: number): number {
  const row = ring.row(sequence);
  const start = word(row, 'timesStart');
  return droppedBetween(ring, start, start + word(row, 'settled'));
}

/**
 * The same over the closed rows [from, to). It goes up with every entry that any of them loses, so it also tells
 * whether what was made of their texts is still true; the first row alone does not, once it has lost all it had.
 */
export function droppedIn(ring: Ring, { from, to }: { readonly from: number; readonly to: number }): number {
  if (from >= to) return 0;
  return droppedBetween(ring, word(ring.row(from), 'timesStart'), word(ring.row(to), 'timesStart'));
}

/** How many of the run times [start, end), by their number ever written, are overwritten. */
function droppedBetween(ring: Ring, start: number, end: number): number {
  const lost = ring.timesWritten() - SESSION_TIMES_HELD - start;
  return Math.min(Math.max(lost, 0), end - start);
}

/** `"name":value` of the columns, in order; `null` where `sessionTimes` belongs. */
export function columns(row: Float64Array, fields: readonly Field[], dropped: number): (string | null)[] {
  return fields.map((field) => {
    if (field.name === 'sessionTimes') return null;
    const value = field.of ? field.of(row) : dropped;
    return `"${field.name}":${value}`;
  });
}

function render(ring: Ring, sequence: number): RowText {
  const row = ring.row(sequence);
  const dropped = droppedOf(ring, sequence);
  const start = row[W.timesStart] ?? 0;
  const times = ring.times(start, start + word(row, 'settled')).join();
  const parts = columns(row, FIELDS, dropped);
  return {
    full: `{${parts.map((part) => part ?? `"sessionTimes":[${times}]`).join()}}`,
    bare: `{${parts.filter((part) => part !== null).join()}}`,
    times,
    dropped,
  };
}
