/**
 * Which part of the week the charts show, and how it is changed: pure functions from view to view. A view either ends
 * now and goes along with the clock, or stands still.
 */

const HOUR_MS = 3_600_000;

/** What the buttons offer. */
export const SPANS = [
  { label: 'Hour', spanMs: HOUR_MS },
  { label: '6 hours', spanMs: 6 * HOUR_MS },
  { label: 'Day', spanMs: 24 * HOUR_MS },
  { label: 'Week', spanMs: 7 * 24 * HOUR_MS },
] as const;

export type View =
  | { readonly kind: 'latest'; readonly spanMs: number }
  | { readonly kind: 'fixed'; readonly fromMs: number; readonly toMs: number };

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The limits of a view. */
export interface Bounds {
  readonly nowMs: number;
  /** How far back the history goes. */
  readonly retentionMs: number;
  /** The shortest span of a view. */
  readonly spanMsMin: number;
}

export function rangeOf(view: View, nowMs: number): Range {
  return view.kind === 'latest' ? { fromMs: nowMs - view.spanMs, toMs: nowMs } : view;
}

/** The shortest of the spans that shows everything since `oldestMs`; the first view that somebody gets. */
export function spanFor(oldestMs: number, nowMs: number): View {
  const fitting = SPANS.find(({ spanMs }) => nowMs - oldestMs <= spanMs) ?? SPANS[3];
  return { kind: 'latest', spanMs: fitting.spanMs };
}

/** Half a view earlier (-1) or later (1). */
export function pan(view: View, direction: -1 | 1, bounds: Bounds): View {
  const { fromMs, toMs } = rangeOf(view, bounds.nowMs);
  const byMs = (direction * (toMs - fromMs)) / 2;
  return within({ fromMs: fromMs + byMs, toMs: toMs + byMs }, bounds);
}

/** Shows `factor` times as much around the middle; a view that ends now goes on ending now. */
export function zoom(view: View, factor: number, bounds: Bounds): View {
  const { fromMs, toMs } = rangeOf(view, bounds.nowMs);
  const spanMs = (toMs - fromMs) * factor;
  if (view.kind === 'latest') return within({ fromMs: bounds.nowMs - spanMs, toMs: bounds.nowMs }, bounds);
  const middleMs = (fromMs + toMs) / 2;
  return within({ fromMs: middleMs - spanMs / 2, toMs: middleMs + spanMs / 2 }, bounds);
}

/** The view of a range, moved into the week and not shorter than the shortest span. */
export function within({ fromMs, toMs }: Range, { nowMs, retentionMs, spanMsMin }: Bounds): View {
  const spanMs = Math.min(Math.max(toMs - fromMs, spanMsMin), retentionMs);
  const middleMs = (fromMs + toMs) / 2;
  const endMs = Math.max(middleMs + spanMs / 2, nowMs - retentionMs + spanMs);
  if (endMs >= nowMs) return { kind: 'latest', spanMs };
  return { kind: 'fixed', fromMs: endMs - spanMs, toMs: endMs };
}
