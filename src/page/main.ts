/**
 * The live page, put together: events come in once a second and go to the tiles, tables and charts. Runs in the
 * browser, as all of this folder does.
 */
import { createApi } from './api.js';
import { find } from './elements.js';
import { createFailureTable } from './failures.js';
import { createFigureTables } from './figure-tables.js';
import { eventOf, type LiveEvent } from './figures.js';
import { createFirstSession } from './first-session.js';
import { healthOf } from './health.js';
import { createKindTable } from './kind-table.js';
import { createServerLine } from './server-line.js';
import { createSessionTable } from './sessions.js';
import { createStatusLine } from './status.js';
import { followEvents, type StreamState } from './stream.js';
import { createTiles } from './tiles.js';
import { createTokenForm } from './token.js';
import { createWeek } from './week.js';
import { createWorkerTable } from './workers.js';

start();

function start(): void {
  const status = createStatusLine();
  const form = createTokenForm(() => connect());
  const api = createApi(form.token);
  const tiles = createTiles();
  const figures = createFigureTables();
  const showKinds = createKindTable();
  const showWorkers = createWorkerTable();
  const sessions = createSessionTable(api);
  const failures = createFailureTable(api);
  const week = createWeek(api, figures);
  const firstSession = createFirstSession(form.isNeeded());
  const server = createServerLine(api, status.setHost);

  const onEvent = (event: LiveEvent): void => {
    const { row, pressure, notReady, recent, workers } = event;
    form.hide();
    const health = healthOf(recent);
    status.showLive(notReady, health, pressure.date);
    server.show(pressure.date);
    tiles.show(event, health);
    figures.showLive(row);
    showKinds(recent);
    showWorkers(workers);
    void sessions.refresh();
    void failures.refresh(row);
    week.follow(event);
    firstSession.show(week.isFresh());
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
      week.forget();
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
