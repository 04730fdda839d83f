/**
 * The figures of the part of the week that is in view, from `/metrics/all`. The server adds up and merges histograms
 * for the quantiles, which cannot be done with rows alone.
 */
import type { Api } from './api.js';
import { type Figures, totalsOf } from './figures.js';
import type { Range } from './view.js';

export interface ViewTotals {
  /** Asks at once, or when the answer under way is there. Only the latest range counts. Never rejects. */
  ask(range: Range, isLatest: boolean): Promise<void>;
}

export function createViewTotals(options: {
  readonly api: Api;
  readonly periodMs: number;
  readonly show: (figures: Figures) => void;
}): ViewTotals {
  const { api, periodMs, show } = options;
  let wanted: string | null = null;
  let isAsking = false;
  return {
    async ask({ fromMs, toMs }, isLatest) {
      // A period counts when any part of it is in view, as it is drawn.
      const since = Math.max(Math.floor(fromMs / periodMs) * periodMs, 0);
      wanted = `metrics/all?sessionTimes=false&since=${since}${isLatest ? '' : `&until=${Math.ceil(toMs)}`}`;
      if (isAsking) return;
      isAsking = true;
      try {
        while (wanted !== null) {
          const path: string = wanted;
          wanted = null;
          const figures = totalsOf(await api.json(path));
          // An answer for a view that was left meanwhile is dropped.
          if (wanted === null) show(figures);
        }
      } catch {
        // The stream notices a server that is gone. The page asks again once it is back.
      } finally {
        isAsking = false;
      }
    },
  };
}
