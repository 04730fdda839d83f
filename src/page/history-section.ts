/**
 * The week: charts over the rows, the buttons and keys that move and zoom, and the table behind. In: rows as they come;
 * out: which part of the week is in view.
 */
import type { Api } from './api.js';
import { type Chart, createChart } from './chart.js';
import { CHARTS, hasAny } from './chart-specs.js';
import { find, make, say } from './elements.js';
import type { MergedRow, Row } from './figures.js';
import { dayAndClock, range as rangeText, span } from './format.js';
import { isFresh, mergeRows, withLive } from './history.js';
import { pointsOf, rowsWithin } from './points.js';
import { createRowsTable } from './rows-table.js';
import { createSteps, stepCount } from './steps.js';
import { type Bounds, pan, type Range, rangeOf, SPANS, spanFor, type View, within, zoom } from './view.js';

const ZOOM_FACTOR = 2;

interface HistoryOptions {
  readonly api: Api;
  readonly periodMs: number;
  readonly retentionMs: number;
  /** `isLatest`: it ends now, and goes along with the clock. */
  readonly onView: (range: Range, isLatest: boolean) => void;
}

export interface HistorySection {
  /** All rows that `/metrics` has, the live one last. */
  setRows(rows: readonly Row[], nowMs: number): void;
  /** Those since the last one known, which is among them. */
  addRows(rows: readonly Row[], nowMs: number): void;
  /** The live row as it is now; drawn only while it is in view. */
  setLive(row: Row, nowMs: number): void;
  /** Nobody has asked for a session yet, as far back as the history goes. */
  isFresh(): boolean;
  /** What is shown, as `onView` had it. */
  view(): { readonly range: Range; readonly isLatest: boolean } | null;
}

export function createHistorySection({ api, periodMs, retentionMs, onView }: HistoryOptions): HistorySection {
  const box = find('charts', HTMLElement);
  const rangeLine = find('range', HTMLParagraphElement);
  const stepsLine = find('steps', HTMLSpanElement);
  const pointerLine = find('cursor', HTMLParagraphElement);
  const rowsTable = createRowsTable(() => draw());
  const spanButtons = createSpanButtons((spanMs) => change(() => ({ kind: 'latest', spanMs })));
  let rows: readonly Row[] = [];
  let nowMs = 0;
  let view: View | null = null;
  /** Of the view, when it has more rows than there is room for; null: those are drawn as they are. */
  let merged: readonly MergedRow[] | null = null;
  const steps = createSteps({
    api,
    periodMs,
    show(newMerged) {
      merged = newMerged;
      draw();
    },
  });
  const bounds = (): Bounds => ({ nowMs, retentionMs, spanMsMin: 2 * periodMs });
  const first = (): View => spanFor(rows[0]?.date ?? nowMs, nowMs);

  const charts: readonly Chart[] = CHARTS.map((spec) =>
    createChart(spec, periodMs, {
      onSelect: (range) => change((_view, limits) => within(range, limits)),
      onReset: () => change(first),
      onPointer: (ms) => say(pointerLine, ms === null ? '' : `at ${dayAndClock(ms)}`),
    }),
  );
  box.replaceChildren(...charts.map(({ element }) => element));

  const draw = (): void => {
    if (view === null || document.hidden) return;
    const range = rangeOf(view, nowMs);
    const points = pointsOf(merged ?? rows, { periodMs, nowMs });
    for (const chart of charts) chart.update(points, range, rows.at(-1) ?? null);
    showOnly(charts, rows);
    rowsTable.show(rowsWithin(rows, range, periodMs));
    say(rangeLine, rangeText(range.fromMs, range.toMs));
    say(stepsLine, merged === null ? '' : stepText(merged, periodMs));
    rangeLine.dataset['fromMs'] = String(range.fromMs);
    rangeLine.dataset['toMs'] = String(range.toMs);
  };
  const askForSteps = (range: Range): void => {
    const widthPx = Math.max(...charts.map((chart) => chart.widthPx()));
    const most = stepCount(widthPx);
    if (widthPx > 0 && rowsWithin(rows, range, periodMs).length > most) return void steps.ask(range, most);
    steps.drop();
    merged = null;
  };
  const change = (to: (view: View, bounds: Bounds) => View): void => {
    if (view === null) return;
    const before = view;
    view = to(view, bounds());
    if (view !== before) merged = null;
    spanButtons.show(view);
    draw();
    askForSteps(rangeOf(view, nowMs));
    onView(rangeOf(view, nowMs), view.kind === 'latest');
  };

  const take = (newRows: readonly Row[], atMs: number): void => {
    nowMs = atMs;
    rows = newRows;
    view ??= first();
    change((same) => same);
  };

  bindControls({ change, first, box });
  document.addEventListener('visibilitychange', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const chart of charts) chart.redraw();
  });

  return {
    setRows: (all, atMs) => take(all, atMs),
    addRows: (newer, atMs) => take(mergeRows(rows, newer, atMs - retentionMs - periodMs), atMs),
    setLive(row, atMs) {
      nowMs = atMs;
      rows = withLive(rows, row);
      if (view?.kind === 'latest') draw();
    },
    isFresh: () => isFresh(rows),
    view: () => view && { range: rangeOf(view, nowMs), isLatest: view.kind === 'latest' },
  };
}

/** A chart that has had nothing to show in all of the week takes no room. */
function showOnly(charts: readonly Chart[], rows: readonly Row[]): void {
  const empty: string[] = [];
  for (const [index, spec] of CHARTS.entries()) {
    const isEmpty = !hasAny(spec, rows);
    const chart = charts[index];
    if (chart) chart.element.hidden = isEmpty;
    if (isEmpty) empty.push(spec.title);
  }
  const none = find('charts-none', HTMLParagraphElement);
  none.hidden = empty.length === 0;
  say(none, `Nothing to draw yet: ${empty.join('; ')}.`);
}

/** How long the steps are: all but those beside gaps and at the ends are of one length. */
function stepText(merged: readonly MergedRow[], periodMs: number): string {
  const stepMs = merged.reduce((longest, { date, until }) => Math.max(longest, until - date), 0);
  return `Steps are of ${span(stepMs)}, counts means per ${span(periodMs)}.`;
}

interface Controls {
  readonly change: (to: (view: View, bounds: Bounds) => View) => void;
  readonly first: () => View;
  readonly box: HTMLElement;
}

function bindControls({ change, first, box }: Controls): void {
  const steps = {
    earlier: () => change((view, bounds) => pan(view, -1, bounds)),
    later: () => change((view, bounds) => pan(view, 1, bounds)),
    'zoom-in': () => change((view, bounds) => zoom(view, 1 / ZOOM_FACTOR, bounds)),
    'zoom-out': () => change((view, bounds) => zoom(view, ZOOM_FACTOR, bounds)),
    reset: () => change(first),
  };
  for (const [id, step] of Object.entries(steps)) find(id, HTMLButtonElement).addEventListener('click', step);
  const keys = new Map<string, () => void>([
    ['ArrowLeft', steps.earlier],
    ['ArrowRight', steps.later],
    ['+', steps['zoom-in']],
    ['=', steps['zoom-in']],
    ['-', steps['zoom-out']],
    ['Escape', steps.reset],
  ]);
  box.addEventListener('keydown', (event) => {
    const step = keys.get(event.key);
    // With a modifier they are the browser's: back, and its own zoom.
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    step();
  });
}

function createSpanButtons(onSpan: (spanMs: number) => void): { show(view: View): void } {
  const buttons = SPANS.map(({ label, spanMs }) => {
    const button = make('button', { text: label });
    button.type = 'button';
    button.addEventListener('click', () => onSpan(spanMs));
    return button;
  });
  find('spans', HTMLFieldSetElement).replaceChildren(...buttons);
  return {
    show(view) {
      for (const [index, button] of buttons.entries()) {
        button.ariaPressed = String(view.kind === 'latest' && view.spanMs === SPANS[index]?.spanMs);
      }
    },
  };
}
