/**
 * Rows as points on a time axis. A row is drawn as a step, because it holds for its whole period. Where no server was
 * up there is no row: a point without a row ends the step, which makes a gap and not a line at zero. Pure.
 */
import type { MergedRow, Row } from './figures.js';

export interface Points {
  /** Epoch seconds, as uPlot wants them, in ascending order. */
  readonly seconds: number[];
  /** The row that begins at each point; null: a gap begins. */
  readonly rows: (Row | null)[];
}

/** `rows` are oldest first; the last is live and ends at `nowMs`. A row is one period long, or says where it ends. */
export function pointsOf(
  rows: readonly (Row | MergedRow)[],
  span: { readonly periodMs: number; readonly nowMs: number },
): Points {
  const points: Points = { seconds: [], rows: [] };
  const add = (ms: number, row: Row | null): void => {
    points.seconds.push(ms / 1_000);
    points.rows.push(row);
  };
  for (const [index, row] of rows.entries()) {
    add(row.date, row);
    const next = rows[index + 1];
    const endMs = 'until' in row ? row.until : row.date + span.periodMs;
    if (next && next.date > endMs) add(endMs, null);
    // The step of a period that is still open ends now.
    if (!next && span.nowMs > row.date) add(Math.min(span.nowMs, endMs), row);
  }
  return points;
}

/** Index of the point whose step or gap is there. Null: before the first point, or after the last. */
export function indexAt(seconds: ArrayLike<number>, second: number): number | null {
  const last = seconds.length - 1;
  if (second > (seconds[last] ?? Number.NEGATIVE_INFINITY)) return null;
  let [low, high] = [0, last];
  // The first one that begins later is above `high` in the end.
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    if ((seconds[middle] ?? 0) <= second) low = middle + 1;
    else high = middle - 1;
  }
  return high === -1 ? null : high;
}

export type Pick = (row: Row) => number | null;

export function valuesOf({ rows }: Points, pick: Pick): (number | null)[] {
  return rows.map((row) => row && pick(row));
}

/** Stacks values: each sum includes the values that come later in the list. */
export function stacked(picks: readonly Pick[]): Pick[] {
  return picks.map((_pick, index) => (row) => picks.slice(index).reduce((sum, pick) => sum + (pick(row) ?? 0), 0));
}

/** Rows that overlap the time from `fromMs` to `toMs`. */
export function rowsWithin(
  rows: readonly Row[],
  range: { readonly fromMs: number; readonly toMs: number },
  periodMs: number,
): Row[] {
  return rows.filter(({ date }) => date + periodMs > range.fromMs && date < range.toMs);
}
