/**
 * What a benchmark tells: one line of the table for each claim. Pure types.
 */

export interface BenchRow {
  /** What is claimed, with its unit: `deltas folded a second`. */
  readonly claim: string;
  readonly ours: number;
  /** What it is held against; null when the target is absolute and nothing else was measured. */
  readonly compared: { readonly with: string; readonly value: number } | null;
  /** How many times better than `compared`, whichever way is better; null without it. */
  readonly ratio: number | null;
  /** The budget, as PERFORMANCE targets word it; null when the line only informs. */
  readonly target: string | null;
  readonly isMet: boolean | null;
}

/** What every file in a folder of `bench/` exports. */
export type Run = () => Promise<BenchRow[]>;
