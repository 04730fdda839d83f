/**
 * `/metrics?points=N`: which rows are merged so that at most N are left. Pure.
 *
 * Time is cut into cells of 1, 2, 4, … periods, counted from the epoch. The smallest cells that give few enough rows
 * are used. So successive polls cut at the same moments, and larger cells consist of whole smaller ones. If cells began
 * with the oldest row, they would move with every period, and the next poll would find no figure again.
 *
 * A row does not reach over a gap, which is a time without rows. It does so only where there are more stretches between
 * gaps than rows asked for. Then it says so: it has fewer periods than its span.
 */
import assert from 'node:assert/strict';
import type { ShownRow } from './shown.js';

/** Shown rows that were merged into one. */
export interface MergedRow extends ShownRow {
  /** End of its last period, epoch ms. */
  readonly untilMs: number;
  /** How many rows it was made of. */
  readonly periodCount: number;
}

export interface MergedRows {
  /** Oldest first. */
  readonly rows: readonly MergedRow[];
  /** How they were merged. Equal values mean equal results for the same rows. */
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
  // The loop ends: at some length, all time since the epoch is one cell.
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

/** Indexes of the rows with which merged rows begin. */
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
