/**
 * The way in: whatever happened, on any thread, is a stat delta, a cell of the layout and a value. What the value does
 * (add, set, observe) is the cell's family's business. Pure types.
 */

/**
 * Records one delta. On a worker thread it writes into the thread's lane, on the main thread it folds at once; who
 * records need not know which. `value` is finite, in ms or bytes or a count, and not negative.
 */
export type RecordDelta = (cell: number, value: number) => void;

/** Gives the cell of a labelset, once, at start; see `Layout.cellOf`. */
export type CellOf = import('./layout.js').Layout['cellOf'];
