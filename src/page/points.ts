/**
 * Rows as points on a time axis. A row holds for its whole period, so that it is drawn as a step; where no server was
 * up there is no row, and a point without a row ends the step there: a gap, and no line at zero. Pure.
 */
import type { MergedRow, Row } from './figures.js';

export interface Points {
  /** Epoch seconds, which is what the chart counts in; going up. */
  readonly seconds: number[];
  /** The row that begins at each point; null: a gap begins. */
  readonly rows: (Row | null)[];
}

/** `rows` oldest first, the live one last; that one reaches to `nowMs`. Each is of a period, or says where it ends. */
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

/** Of the point whose step, or gap, is there; null: before the first one, or after the last. */
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

/** Picks on top of each other: each of the sums has those behind it in the list below it. */
export function stacked(picks: readonly Pick[]): Pick[] {
  return picks.map((_pick, index) => (row) => picks.slice(index).reduce((sum, pick) => sum + (pick(row) ?? 0), 0));
}

/** Rows of which some part is between `fromMs` and `toMs`. */
export function rowsWithin(
  rows: readonly Row[],
  range: { readonly fromMs: number; readonly toMs: number },
  periodMs: number,
): Row[] {
  return rows.filter(({ date }) => date + periodMs > range.fromMs && date < range.toMs);
}
