/**
 * The week of the server that the page is connected to. The page asks for all of it at each connection, and for what is
 * new at each period. In: events as they come; out: the charts, and the figures of what is in view.
 */
import type { Api } from './api.js';
import type { FigureTables } from './figure-tables.js';
import { type LiveEvent, rowsOf, settingsOf } from './figures.js';
import { unknownSince } from './history.js';
import { createHistorySection, type HistorySection } from './history-section.js';
import { createViewTotals, type ViewTotals } from './view-totals.js';

/** Not at each event, because these figures cost the server more than an event does. */
const TOTALS_EVERY_EVENTS = 3;

interface Week {
  /** Shows the event, after asking for rows that are missing before it. */
  follow(event: LiveEvent): void;
  /** Nobody has asked for a session yet, as far back as the history goes; false when that is not known. */
  isFresh(): boolean;
  /** There is another connection, so the rows may have changed. */
  forget(): void;
}

interface Opened {
  readonly section: HistorySection;
  readonly totals: ViewTotals;
  readonly periodMs: number;
}

export function createWeek(api: Api, figures: FigureTables): Week {
  let opened: Opened | null = null;
  /** Date of the live row when the rows were last asked for; null: not yet, in this connection. */
  let knownDate: number | null = null;
  let isLoading = false;
  let eventCount = 0;

  const open = async (): Promise<Opened> => {
    const { METRICS_PERIOD_MS: periodMs, METRICS_PERIODS: periods } = settingsOf(await api.json('config'), [
      'METRICS_PERIOD_MS',
      'METRICS_PERIODS',
    ]);
    if (opened?.periodMs === periodMs) return opened;
    // A server that came back with other periods has another history: nothing of the old one fits.
    if (opened) location.reload();
    return openWeek({ api, figures, periodMs, retentionMs: periodMs * periods });
  };

  /** Asks for the missing rows: all, or those since the last live one. The next event tries again. */
  const load = async ({ row, pressure }: LiveEvent): Promise<void> => {
    if (isLoading || knownDate === row.date) return;
    isLoading = true;
    const since = unknownSince(knownDate, row.date);
    try {
      if (since === null) opened = await open();
      const path = `metrics?sessionTimes=false${since === null ? '' : `&since=${since}`}`;
      const rows = rowsOf(await api.json(path));
      if (since === null) opened?.section.setRows(rows, pressure.date);
      else opened?.section.addRows(rows, pressure.date);
      knownDate = row.date;
    } catch {
      // The next event asks again. When none comes, the stream says so.
    } finally {
      isLoading = false;
    }
  };

  return {
    follow(event) {
      const { row, pressure } = event;
      eventCount++;
      void load(event);
      if (knownDate !== row.date) return;
      opened?.section.setLive(row, pressure.date);
      const view = opened?.section.view();
      if (view?.isLatest && eventCount % TOTALS_EVERY_EVENTS === 0) void opened?.totals.ask(view.range, true);
    },
    isFresh: () => knownDate !== null && opened?.section.isFresh() === true,
    forget() {
      knownDate = null;
    },
  };
}

function openWeek(options: {
  readonly api: Api;
  readonly figures: FigureTables;
  readonly periodMs: number;
  readonly retentionMs: number;
}): Opened {
  const { api, figures, periodMs, retentionMs } = options;
  const totals = createViewTotals({
    api,
    periodMs,
    show(inView) {
      figures.showView(inView);
      section.setTotals(inView);
    },
  });
  const section = createHistorySection({
    api,
    periodMs,
    retentionMs,
    onView(view) {
      figures.setView(view);
      void totals.ask(view.range, view.isLatest);
    },
    onPointed: figures.showPointed,
  });
  return { section, totals, periodMs };
}
