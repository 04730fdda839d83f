/**
 * Which rows a reader has asked for. Pure.
 */
import type { ShownRow } from './shown.js';

export interface Selection {
  /** Rows whose period starts at or after this, epoch ms. */
  readonly sinceMs: number | null;
  /** Rows whose period starts before this, epoch ms. So neighbouring ranges share no row. */
  readonly untilMs: number | null;
  /** Of those, at most so many, the latest. */
  readonly last: number | null;
  readonly sessionTimes: boolean;
}

/** Whether the selection may leave out rows. */
export function isNarrowed({ sinceMs, untilMs, last }: Selection): boolean {
  return sinceMs !== null || untilMs !== null || last !== null;
}

export interface SelectedRows {
  readonly closed: readonly ShownRow[];
  /** The row with the open row in it, when it is selected. */
  readonly live: ShownRow | undefined;
}

/** The selected ones of `rows`, oldest first. Dates go up, so they follow each other without a gap. */
export function selectRows(rows: readonly ShownRow[], { sinceMs, untilMs, last }: Selection): SelectedRows {
  const open = rows.length - 1;
  let from = 0;
  let to = rows.length;
  while (sinceMs !== null && from < to && (rows[from]?.date ?? 0) < sinceMs) from++;
  while (untilMs !== null && to > from && (rows[to - 1]?.date ?? 0) >= untilMs) to--;
  if (last !== null) from = Math.max(from, to - last);
  return { closed: rows.slice(from, Math.min(to, open)), live: from <= open && to > open ? rows[open] : undefined };
}
