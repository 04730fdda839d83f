/**
 * The way in. Whatever happens, on any thread, is a stat delta: a cell of the layout and a value. The cell's family
 * says what the value does (add, set, observe). Pure types.
 */

/**
 * Records one delta. A worker thread writes it into its lane, the main thread folds it at once; callers need not know
 * which. `value` is finite and not negative, in ms or bytes or a count.
 */
export type RecordDelta = (cell: number, value: number) => void;

/** Gives the cell of a labelset. Called once for each, at start; see `Layout.cellOf`. */
export type CellOf = import('./layout.js').Layout['cellOf'];
