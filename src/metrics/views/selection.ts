/**
 * Which rows a reader asked for. Pure.
 */
import type { ShownRow } from './shown.js';

export interface Selection {
  /** Rows whose period starts at or after this, epoch ms. */
  readonly sinceMs: number | null;
  /** Rows whose period starts before this, epoch ms: so that neighbouring ranges share no row. */
  readonly untilMs: number | null;
  /** Of those, the latest so many. */
  readonly last: number | null;
  readonly sessionTimes: boolean;
}

/** Whether it may leave out rows. */
export function isNarrowed({ sinceMs, untilMs, last }: Selection): boolean {
  return sinceMs !== null || untilMs !== null || last !== null;
}

export interface SelectedRows {
  readonly closed: readonly ShownRow[];
  /** The one with the open row in it, when it is selected. */
  readonly live: ShownRow | undefined;
}

/** Of all rows that are shown, oldest first, those selected: dates go up, so they are one run. */
export function selectRows(rows: readonly ShownRow[], { sinceMs, untilMs, last }: Selection): SelectedRows {
  const open = rows.length - 1;
  let from = 0;
  let to = rows.length;
  while (sinceMs !== null && from < to && (rows[from]?.date ?? 0) < sinceMs) from++;
  while (untilMs !== null && to > from && (rows[to - 1]?.date ?? 0) >= untilMs) to--;
  if (last !== null) from = Math.max(from, to - last);
  return { closed: rows.slice(from, Math.min(to, open)), live: from <= open && to > open ? rows[open] : undefined };
}
