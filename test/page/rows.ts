/**
 * Rows as the page has them, all zeros but for what a test says.
 */

import { FIGURES, type Row, rowsOf } from '../../src/page/figures.js';

export function rowAt(date: number, figures: Partial<Row> = {}): Row {
  const zeros = Object.fromEntries([...FIGURES, 'cpu', 'memory'].map((name) => [name, 0]));
  const [row] = rowsOf([{ ...zeros, ...figures, date }]);
  if (!row) throw new Error('no row');
  return row;
}
