/**
 * What a benchmark reports: one line of the table for each claim, and tables of its own for what has more columns.
 */

export interface BenchRow {
  /** What is claimed, with its unit: `deltas folded a second`. */
  readonly claim: string;
  readonly ours: number;
  /** What it is compared with; null when the target is absolute and nothing else was measured. */
  readonly compared: { readonly with: string; readonly value: number } | null;
  /** How many times better than `compared`, whichever way is better; null without it. */
  readonly ratio: number | null;
  /** The budget in words; null when the line only informs. */
  readonly target: string | null;
  readonly isMet: boolean | null;
  /** What each round had of what is judged: when they differ too much, nothing is. */
  readonly rounds?: readonly number[];
  /** A difference that is judged, where `ours` is none: below 0 it is noise. */
  readonly cost?: number;
  /** Counted and not timed: a busy machine changes nothing. */
  readonly isCount?: boolean;
}

/** As it was judged: `yes`, `NO`, `not judged: …`, or empty. */
export interface JudgedRow extends BenchRow {
  readonly verdict: string;
}

export interface DetailTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface BenchReport {
  readonly rows: readonly BenchRow[];
  readonly tables: readonly DetailTable[];
}

/** What every file in a folder of `bench/` exports. */
export type Run = () => Promise<readonly BenchRow[] | BenchReport>;

/** A line that only informs. */
export function told(claim: string, ours: number, compared: BenchRow['compared'] = null, ratio?: number): BenchRow {
  return { claim, ours, compared, ratio: ratio ?? null, target: null, isMet: null };
}
