/**
 * Which rows a reader asked for, and which of the ring's these are. Pure.
 */
import type { Ring } from '../ring.js';
import { word } from '../row.js';

export interface Selection {
  /** Rows whose period starts at or after this, epoch ms. */
  readonly sinceMs: number | null;
  /** Rows whose period starts before this, epoch ms: so that neighbouring ranges share no row. */
  readonly untilMs: number | null;
  /** Of those, the latest so many. */
  readonly last: number | null;
  readonly sessionTimes: boolean;
}

export const EVERYTHING: Selection = { sinceMs: null, untilMs: null, last: null, sessionTimes: true };

/** Whether it may leave out rows. */
export function isNarrowed({ sinceMs, untilMs, last }: Selection): boolean {
  return sinceMs !== null || untilMs !== null || last !== null;
}

/** The rows selected; dates only go up, so they are one run. */
interface SelectedRows {
  /** Sequence numbers [from, closedTo) of those that are closed. */
  readonly from: number;
  readonly closedTo: number;
  /** Whether the open row follows them. */
  readonly isLive: boolean;
}

export function selectRows(ring: Ring, selection: Selection, retentionMs: number): SelectedRows {
  const open = ring.closed();
  const dateOf = (sequence: number): number => word(ring.row(sequence), 'date');
  const oldest = dateOf(open) - retentionMs;
  let from = Math.max(0, open - ring.periods);
  // After a long stop the ring still holds rows from before it that are older than what is kept.
  while (from < open && (dateOf(from) < oldest || (selection.sinceMs !== null && dateOf(from) < selection.sinceMs))) {
    from++;
  }
  if (selection.sinceMs !== null && dateOf(from) < selection.sinceMs) from++;
  let to = open + 1;
  while (selection.untilMs !== null && to > from && dateOf(to - 1) >= selection.untilMs) to--;
  if (selection.last !== null) from = Math.max(from, to - selection.last);
  return { from, closedTo: Math.max(from, Math.min(to, open)), isLive: from <= open && to > open };
}
