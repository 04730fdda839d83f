/**
 * The live page, put together: events come in once a second and go to the tiles, tables and charts; the week is asked
 * for at each connection, and what is new of it at each new period. Runs in the browser, as all of this folder does.
 */
import { createApi } from './api.js';
import { find } from './elements.js';
import { createFailureTable } from './failures.js';
import { createFigureTables } from './figure-tables.js';
import { eventOf, type LiveEvent, rowsOf, settingsOf } from './figures.js';
import { createFirstSession } from './first-session.js';
import { healthOf } from './health.js';
import { unknownSince } from './history.js';
import { createHistorySection, type HistorySection } from './history-section.js';
import { createServerLine } from './server-line.js';
import { createSessionTable } from './sessions.js';
import { createStatusLine } from './status.js';
import { followEvents, type StreamState } from './stream.js';
import { createTiles } from './tiles.js';
import { createTokenForm } from './token.js';
import { createViewTotals, type ViewTotals } from './view-totals.js';
import { createWorkerTable } from './workers.js';

/** The figures in view cost the server more than an event does. */
const TOTALS_EVERY_EVENTS = 3;

start();

function start(): void {
  const status = createStatusLine();
  const form = createTokenForm(() => connect());
  const api = createApi(form.token);
  const tiles = createTiles();
  const figures = createFigureTables();
  const showWorkers = createWorkerTable();
  const sessions = createSessionTable(api);
  const failures = createFailureTable(api);
  const firstSession = createFirstSession(form.isNeeded());
  const server = createServerLine(api, status.setHost);
  let week: { readonly section: HistorySection; readonly totals: ViewTotals; readonly periodMs: number } | null = null;
  /** Date of the live row when the rows were last asked for; null: not yet, in this connection. */
  let knownDate: number | null = null;
  let isLoading = false;
  let eventCount = 0;

  const openWeek = async (): Promise<NonNullable<typeof week>> => {
    const settings = settingsOf(await api.json('config'), ['METRICS_PERIOD_MS', 'METRICS_PERIODS']);
    const periodMs = settings.METRICS_PERIOD_MS;
    if (week?.periodMs === periodMs) return week;
    // A server that came back with other periods has another history: nothing of the old one fits.
    if (week) location.reload();
    const totals = createViewTotals({ api, periodMs, show: figures.showView });
    const retentionMs = periodMs * settings.METRICS_PERIODS;
    const section = createHistorySection({ api, periodMs, retentionMs, onView: (...view) => void totals.ask(...view) });
    return { section, totals, periodMs };
  };

  /** The rows that are not here yet: all, or those since the one that was live. Tried again at the next event. */
  const load = async ({ row, pressure }: LiveEvent): Promise<void> => {
    if (isLoading || knownDate === row.date) return;
    isLoading = true;
    const since = unknownSince(knownDate, row.date);
    try {
      if (since === null) week = await openWeek();
      const path = `metrics?sessionTimes=false${since === null ? '' : `&since=${since}`}`;
      const rows = rowsOf(await api.json(path));
      if (since === null) week?.section.setRows(rows, pressure.date);
      else week?.section.addRows(rows, pressure.date);
      knownDate = row.date;
    } catch {
      // The next event asks again; when none comes, the stream says so.
    } finally {
      isLoading = false;
    }
  };

  const onEvent = (event: LiveEvent): void => {
    const { row, pressure, notReady, recent, workers } = event;
    eventCount++;
    form.hide();
    const health = healthOf(recent);
    status.showLive(notReady, health, pressure.date);
    server.show(pressure.date);
    tiles.show(event, health);
    figures.showPeriod(row);
    showWorkers(workers);
    void sessions.refresh();
    void failures.refresh(row);
    void load(event);
    if (knownDate !== row.date) return;
    week?.section.setLive(row, pressure.date);
    firstSession.show(week?.section.isFresh() === true);
    const view = week?.section.view();
    if (view?.isLatest && eventCount % TOTALS_EVERY_EVENTS === 0) void week?.totals.ask(view.range, true);
  };

  const askForToken = (): void => {
    form.ask();
    status.show('token', 'Needs a token');
  };

  const onState = (state: StreamState): void => {
    if (state.kind === 'unauthorized') askForToken();
    if (state.kind === 'lost') status.show('lost', `Reconnecting: ${state.message}`);
    if (state.kind === 'connecting') status.show('connecting', 'Connecting');
    if (state.kind === 'live') {
      knownDate = null;
      void server.ask();
    }
  };

  const stream = followEvents({
    open: (signal) => api.stream('events', signal),
    onState,
    onEvent: (data) => onEvent(eventOf(JSON.parse(data))),
  });
  const connect = (): void => {
    stream.stop();
    if (form.isNeeded() && form.token() === null) askForToken();
    else stream.restart();
  };
  addEventListener('online', connect);
  find('footer', HTMLElement).textContent = `Times in ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`;
  connect();
}
