/**
 * `/metrics?points=N`: which rows are taken together so that there are at most N. Pure.
 *
 * Time is cut into cells of 1, 2, 4, … periods, counted from the epoch, the smallest that give few enough rows. So
 * successive polls cut at the same moments, and larger cells are made of whole smaller ones. Cells that begin with the
 * oldest row would move with every period, and no figure of a poll would be found in the next.
 *
 * A row does not reach over a gap, periods of which there is no row. Only where there are more stretches between gaps
 * than rows asked for does it, and then says so: it has fewer periods than its span.
 */
import assert from 'node:assert/strict';
import type { ShownRow } from './shown.js';

/** Shown rows, taken together. */
export interface MergedRow extends ShownRow {
  /** End of its last period, epoch ms. */
  readonly untilMs: number;
  /** Rows that it was made of. */
  readonly periodCount: number;
}

export interface MergedRows {
  /** Oldest first. */
  readonly rows: readonly MergedRow[];
  /** How they were taken together: equal ones of the same rows are equal. */
  readonly grid: string;
}

/** `rows` oldest first; `pointCount` is 1 or more. */
export function mergeRows(
  rows: readonly ShownRow[],
  { pointCount, periodMs }: { readonly pointCount: number; readonly periodMs: number },
): MergedRows {
  const isBridging =
    startsOf(rows, { cellMs: Number.POSITIVE_INFINITY, periodMs, isBridging: false }).length > pointCount;
  let cellMs = periodMs;
  let starts = startsOf(rows, { cellMs, periodMs, isBridging });
  // It ends: at some length all there has been since the epoch is one cell.
  while (starts.length > pointCount) {
    cellMs *= 2;
    starts = startsOf(rows, { cellMs, periodMs, isBridging });
  }
  const merged = starts.map((start, i) => merge(rows.slice(start, starts[i + 1]), periodMs));
  return { rows: merged, grid: `${cellMs / periodMs}${isBridging ? 'b' : ''}` };
}

interface Grid {
  readonly cellMs: number;
  readonly periodMs: number;
  /** Whether a row may reach over a gap. */
  readonly isBridging: boolean;
}

/** Indexes of the rows with which a merged one begins. */
function startsOf(rows: readonly ShownRow[], { cellMs, periodMs, isBridging }: Grid): number[] {
  const starts: number[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const [index, { date }] of rows.entries()) {
    const isAfterGap = !isBridging && date > before + periodMs;
    if (index === 0 || isAfterGap || Math.floor(date / cellMs) !== Math.floor(before / cellMs)) starts.push(index);
    before = date;
  }
  return starts;
}

function merge(rows: readonly ShownRow[], periodMs: number): MergedRow {
  const [first, last] = [rows[0], rows.at(-1)];
  assert(first && last);
  return { from: first.from, to: last.to, date: first.date, untilMs: last.date + periodMs, periodCount: rows.length };
}
