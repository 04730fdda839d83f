/**
 * Selections, and rows, that tests and benches ask for.
 */
import type { Ring } from '../../../src/metrics/ring.js';
import { word } from '../../../src/metrics/row.js';
import type { Selection } from '../../../src/metrics/views/selection.js';
import type { ShownRow } from '../../../src/metrics/views/shown.js';

export const EVERYTHING: Selection = { sinceMs: null, untilMs: null, last: null, sessionTimes: true };

/** A row as it is stored, shown by itself. */
export function storedRow(ring: Ring, sequence: number): ShownRow {
  return { from: sequence, to: sequence, date: word(ring.row(sequence), 'date') };
}
