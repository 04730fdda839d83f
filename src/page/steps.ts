/**
 * Merged rows for a long view, as many as its charts have room for. The server merges them, because quantiles of
 * several rows come from histograms that rows do not show. In: the range, and the number; out: rows as they come.
 */
import type { Api } from './api.js';
import { type MergedRow, mergedRowsOf } from './figures.js';
import type { Range } from './view.js';

/** The eye sees no narrower step: a week of them is a scribble. */
const STEP_PX = 3;

/** How many steps a chart of that width has room for. */
export function stepCount(widthPx: number): number {
  return Math.max(Math.floor(widthPx / STEP_PX), 1);
}

export interface Steps {
  /** Asks for at most so many rows. Only the answer to the latest question is shown. Never rejects. */
  ask(range: Range, most: number): Promise<void>;
  /** The answer that is under way is not wanted any more. */
  drop(): void;
}

export function createSteps(options: {
  readonly api: Api;
  readonly periodMs: number;
  readonly show: (rows: readonly MergedRow[]) => void;
}): Steps {
  const { api, periodMs, show } = options;
  let asked = '';
  return {
    async ask({ fromMs, toMs }, most) {
      // A period counts when any part of it is in view, as it is drawn.
      const since = Math.max(Math.floor(fromMs / periodMs) * periodMs, 0);
      const path = `metrics?points=${most}&since=${since}&until=${Math.ceil(toMs)}`;
      asked = path;
      try {
        const rows = mergedRowsOf(await api.json(path));
        if (asked === path) show(rows);
      } catch {
        // The rows themselves are drawn then. The next period or view asks again.
      }
    },
    drop() {
      asked = '';
    },
  };
}

const COUNTS = [
  'successful',
  'queued',
  'rejected',
  'unhealthy',
  'timedout',
  'error',
  'unauthorized',
  'expired',
  'abandoned',
  'unavailable',
] as const;

/** Counts become means of the row's periods. So one scale holds at every zoom, and a shorter step is no dip. */
export function perPeriod(row: MergedRow): MergedRow {
  const means = Object.fromEntries(COUNTS.map((name) => [name, row[name] / row.periods]));
  return { ...row, ...means };
}
