/**
 * The routes that show the numbers. Each is a snapshot and a view, nothing else. Main thread.
 */
import type { Snapshot } from '../metrics/snapshot.js';
import type { HistoryView, SelectingView, View } from '../metrics/views/history.js';
import type { Format, PrometheusView } from '../metrics/views/prometheus.js';
import type { Selection } from '../metrics/views/selection.js';
import { isNamedWith, preferredType } from './accept.js';
import type { GivenOf, Handlers, ROUTES } from './interface.js';
import type { Answer, Request } from './route.js';

export interface MetricsOptions {
  readonly takeSnapshot: () => Snapshot;
  readonly history: HistoryView;
  readonly totals: SelectingView;
  readonly prometheus: Pick<PrometheusView, 'render' | 'contentTypes'>;
  readonly nowEpochMs: () => number;
  /** Differs between processes, because tags of views are comparable only within one. */
  readonly bootId: string;
}

export function metricsHandlers(options: MetricsOptions): Pick<Handlers, 'metrics' | 'totals' | 'prometheus'> {
  const { takeSnapshot, prometheus, bootId } = options;
  const exposition = (format: Format): Answer => {
    const view = prometheus.render(takeSnapshot(), format);
    return asAnswer(view, bootId, { 'Content-Type': prometheus.contentTypes[format], Vary: 'Accept' });
  };
  const selected = (view: SelectingView, { given }: Request<Given>): Answer => {
    const selection = selectionOf(given, options.nowEpochMs());
    const headers = { 'Content-Type': 'application/json; charset=utf-8', Vary: 'Accept' };
    return asAnswer(view(takeSnapshot(), selection), bootId, headers);
  };
  const rows = (request: Request<GivenOf<typeof ROUTES.metrics>>): Answer => {
    const points = request.given.points ?? null;
    return selected((snapshot, selection) => options.history(snapshot, selection, points), request);
  };
  return {
    metrics(request) {
      const format = expositionOf(request.headers);
      return format === null ? rows(request) : exposition(format);
    },
    totals: (request) => selected(options.totals, request),
    prometheus: ({ headers }) => exposition(formatOf(headers)),
  };
}

function asAnswer({ chunks, tag }: View, bootId: string, headers: Readonly<Record<string, string>>): Answer {
  return { status: 200, headers, chunks, tag: `${bootId}-${tag}` };
}

/** What browsers and curl get. A Prometheus pointed at its default path asks for another type. */
const JSON_TYPE = 'application/json';
const OPENMETRICS = 'application/openmetrics-text';
const TEXT = 'text/plain';

/** Null: the client wants JSON. `text/plain` without a version is text for people. */
function expositionOf(headers: Request['headers']): Format | null {
  const type = preferredType(headers, [JSON_TYPE, OPENMETRICS, TEXT]);
  if (type === TEXT) return isNamedWith(headers, TEXT, 'version') ? 'text' : null;
  return type === OPENMETRICS ? 'openmetrics' : null;
}

/** Clients that name no format get the text format. */
function formatOf(headers: Request['headers']): Format {
  return preferredType(headers, [TEXT, OPENMETRICS]) === OPENMETRICS ? 'openmetrics' : 'text';
}

type Given = GivenOf<typeof ROUTES.totals>;

function selectionOf({ since, until, last, sessionTimes }: Given, nowMs: number): Selection {
  return {
    sinceMs: since?.(nowMs) ?? null,
    untilMs: until?.(nowMs) ?? null,
    last: last ?? null,
    sessionTimes: sessionTimes ?? true,
  };
}
