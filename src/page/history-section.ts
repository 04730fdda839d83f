/**
 * The week: the charts, the buttons and keys that move and zoom, and the table of rows. In: rows as they come; out:
 * which part of the week is in view.
 */
import type { Api } from './api.js';
import { type Chart, createChart, type Pointed } from './chart.js';
import { CHARTS, hasAny } from './chart-specs.js';
import { find, say } from './elements.js';
import type { Figures, MergedRow, Row } from './figures.js';
import { range as rangeText, span } from './format.js';
import { isFresh, mergeRows, totalRow, withLive } from './history.js';
import { bindControls, type Change, createSpanButtons } from './history-controls.js';
import { pointsOf, rowsWithin } from './points.js';
import { createRowsTable } from './rows-table.js';
import { createSteps, perPeriod, stepCount } from './steps.js';
import { type Bounds, type Range, rangeOf, spanFor, type View, within } from './view.js';
import { createViewAddress } from './view-address.js';

const STEPS_EVERY_MS = 15_000;

interface HistoryOptions {
  readonly api: Api;
  readonly periodMs: number;
  readonly retentionMs: number;
  readonly onView: (view: Shown) => void;
  /** Null: the pointer is over no chart. */
  readonly onPointed: (pointed: PointedRow | null) => void;
}

export interface Shown {
  readonly range: Range;
  /** The view ends now, and moves with the clock. */
  readonly isLatest: boolean;
  /** The view has changed. */
  readonly isNew: boolean;
}

/** A row, with the counts of all its periods where it has several. */
export interface PointedRow {
  readonly range: Range;
  /** Null: no server was up. */
  readonly row: Row | null;
}

export interface HistorySection {
  /** Shows all rows of `/metrics`, the live one last. */
  setRows(rows: readonly Row[], nowMs: number): void;
  /** Adds the rows since the last one known, which is among them. */
  addRows(rows: readonly Row[], nowMs: number): void;
  /** Takes the live row as it is now, and draws it if it is in view. */
  setLive(row: Row, nowMs: number): void;
  /** True when nobody has asked for a session, as far back as the history goes. */
  isFresh(): boolean;
  /** Shows the figures of all that is in view. */
  setTotals(figures: Figures): void;
  /** The view, as `onView` had it. */
  view(): Shown | null;
}

export function createHistorySection(options: HistoryOptions): HistorySection {
  const { api, periodMs, retentionMs, onView } = options;
  const box = find('charts', HTMLElement);
  const rowsTable = createRowsTable(() => draw());
  const spanButtons = createSpanButtons((spanMs) => steer(() => ({ kind: 'latest', spanMs })));
  let rows: readonly Row[] = [];
  let nowMs = 0;
  let view: View | null = null;
  /** Merged rows, when the view has more rows than the charts have room for. Null: the rows are drawn as they are. */
  let merged: readonly MergedRow[] | null = null;
  let mergedAtMs = 0;
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
  const address = createViewAddress((isEmpty) =>
    change((same) => address.read(bounds()) ?? (isEmpty ? first() : same)),
  );

  const charts: readonly Chart[] = CHARTS.map((spec) =>
    createChart(spec, periodMs, {
      onSelect: (range) => steer((_view, limits) => within(range, limits)),
      onReset: () => steer(first),
      onPointer: (pointed) => options.onPointed(pointed && pointedRow(pointed, merged, periodMs)),
    }),
  );
  box.replaceChildren(...charts.map(({ element }) => element));

  const draw = (): void => {
    if (view === null || document.hidden) return;
    const range = rangeOf(view, nowMs);
    const points = pointsOf(merged?.map(perPeriod) ?? rows, { periodMs, nowMs });
    for (const chart of charts) chart.update(points, range);
    showOnly(charts, rows);
    rowsTable.show(rowsWithin(rows, range, periodMs));
    showRange(range);
    say(find('steps', HTMLSpanElement), merged === null ? '' : stepText(merged, periodMs));
  };
  const askForSteps = (range: Range): void => {
    mergedAtMs = nowMs;
    const widthPx = Math.max(...charts.map((chart) => chart.widthPx()));
    const most = stepCount(widthPx);
    if (widthPx > 0 && rowsWithin(rows, range, periodMs).length > most) return void steps.ask(range, most);
    steps.drop();
    merged = null;
  };
  const change = (to: Change): void => {
    if (view === null) return;
    const before = view;
    view = to(view, bounds());
    const isNew = view !== before;
    if (isNew) merged = null;
    if (isNew) for (const chart of charts) chart.setTotal(null);
    spanButtons.show(view);
    draw();
    askForSteps(rangeOf(view, nowMs));
    onView({ range: rangeOf(view, nowMs), isLatest: view.kind === 'latest', isNew });
  };

  const steer = (to: Change, isRepeated = false): void => {
    change(to);
    if (view !== null) address.write(view, { first: first(), isRepeated });
  };

  const take = (newRows: readonly Row[], atMs: number): void => {
    nowMs = atMs;
    rows = newRows;
    view ??= address.read(bounds()) ?? first();
    change((same) => same);
  };

  bindControls({ steer, first, box });
  document.addEventListener('visibilitychange', draw);

  return {
    setRows: (all, atMs) => take(all, atMs),
    addRows: (newer, atMs) => take(mergeRows(rows, newer, atMs - retentionMs - periodMs), atMs),
    setLive(row, atMs) {
      nowMs = atMs;
      rows = withLive(rows, row);
      if (view?.kind !== 'latest') return;
      draw();
      // The last merged step grows with the live row, too.
      if (merged !== null && nowMs >= mergedAtMs + STEPS_EVERY_MS) askForSteps(rangeOf(view, nowMs));
    },
    isFresh: () => isFresh(rows),
    setTotals(figures) {
      if (view === null) return;
      const total = totalRow(figures, rowsWithin(rows, rangeOf(view, nowMs), periodMs));
      for (const chart of charts) chart.setTotal(total);
    },
    view: () => view && { range: rangeOf(view, nowMs), isLatest: view.kind === 'latest', isNew: false },
  };
}

function showRange({ fromMs, toMs }: Range): void {
  const line = find('range', HTMLParagraphElement);
  say(line, rangeText(fromMs, toMs));
  line.dataset['fromMs'] = String(fromMs);
  line.dataset['toMs'] = String(toMs);
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

function pointedRow({ ms, row }: Pointed, merged: readonly MergedRow[] | null, periodMs: number): PointedRow {
  const step = merged?.find(({ date }) => date === row?.date);
  return { range: { fromMs: ms, toMs: step?.until ?? ms + periodMs }, row: step ?? row };
}

/** The length of the steps. Only those beside gaps and at the ends may be shorter. */
function stepText(merged: readonly MergedRow[], periodMs: number): string {
  const stepMs = merged.reduce((longest, { date, until }) => Math.max(longest, until - date), 0);
  return `Steps are of ${span(stepMs)}, counts means per ${span(periodMs)}.`;
}
