/**
 * Whether sessions end well: of those that ended in the last minutes, how many failed, and why. From the latest rows,
 * which have the exact counts, and from the last failures, which have the reasons. Pure.
 */
import type { Failure, Row } from './figures.js';
import { clock, count, percent } from './format.js';
import { rowsWithin } from './points.js';

/** A row covers a period, so what is looked at is this and up to a period more. */
const WINDOW_MS = 300_000;
/** One in seven, as the alert of the fast failures has it; fewer than three may be chance. */
const FAILED_SHARE_MIN = 1 / 7;
const FAILED_MIN = 3;
const REASONS_MAX = 4;
/** Reasons of requests that never ran: they are in the list of failures too, and are no sessions. */
export const REFUSALS: readonly string[] = [
  'queue_full',
  'deadline',
  'overload',
  'draining',
  'no_browser',
  'expired',
  'abandoned',
];

export interface Health {
  readonly isFailing: boolean;
  /** Of the sessions that ended; null: none did. */
  readonly failedShare: number | null;
  readonly text: string;
}

/** `rows` oldest first, the live one last. */
export function healthOf(
  rows: readonly Row[],
  failures: readonly Failure[],
  { nowMs, periodMs }: { readonly nowMs: number; readonly periodMs: number },
): Health {
  const recent = rowsWithin(rows, { fromMs: nowMs - WINDOW_MS, toMs: Number.POSITIVE_INFINITY }, periodMs);
  const sinceMs = recent[0]?.date ?? nowMs;
  const failed = recent.reduce((sum, { error, timedout }) => sum + error + timedout, 0);
  const ended = recent.reduce((sum, { successful }) => sum + successful, failed);
  const since = `since ${clock(sinceMs)}`;
  if (ended === 0) return { isFailing: false, failedShare: null, text: `No session has ended ${since}` };
  const share = failed / ended;
  const isFailing = failed >= FAILED_MIN && share >= FAILED_SHARE_MIN;
  if (failed === 0) return { isFailing, failedShare: 0, text: `All of ${count(ended)} sessions ended well ${since}` };
  const reasons = reasonsOf(failures, sinceMs);
  const why = reasons === '' ? '' : `: ${reasons}`;
  const text = `${count(failed)} of ${count(ended)} sessions failed ${since} (${percent(share)})${why}`;
  return { isFailing, failedShare: share, text };
}

/** `7 timeout, 2 navigation`, the most frequent first; of the failures that the page has. */
function reasonsOf(failures: readonly Failure[], sinceMs: number): string {
  const counts = new Map<string, number>();
  for (const { reason, when } of failures) {
    if (when >= sinceMs && !REFUSALS.includes(reason)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const most = [...counts].sort(([, one], [, other]) => other - one).slice(0, REASONS_MAX);
  return most.map(([reason, times]) => `${count(times)} ${reason}`).join(', ');
}
