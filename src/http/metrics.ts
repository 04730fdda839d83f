/**
 * The routes that show the numbers: a snapshot and a view, nothing else. Main thread.
 */
import type { Snapshot } from '../metrics/snapshot.js';
import type { SelectingView, View } from '../metrics/views/history.js';
import type { Format, PrometheusView } from '../metrics/views/prometheus.js';
import type { Selection } from '../metrics/views/selection.js';
import type { GivenOf, Handlers, ROUTES } from './interface.js';
import type { Answer, Request } from './route.js';

export interface MetricsOptions {
  readonly takeSnapshot: () => Snapshot;
  readonly history: SelectingView;
  readonly totals: SelectingView;
  readonly prometheus: Pick<PrometheusView, 'render' | 'contentTypes'>;
  readonly nowEpochMs: () => number;
  /** Differs between processes: tags of views are equal only within one. */
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
  return {
    metrics(request) {
      const accept = request.headers.accept ?? '';
      // A Prometheus pointed at its default path names these; browsers and curl do not.
      return /application\/openmetrics-text|text\/plain\s*;\s*version=/.test(accept)
        ? exposition(formatOf(accept))
        : selected(options.history, request);
    },
    totals: (request) => selected(options.totals, request),
    prometheus: ({ headers }) => exposition(formatOf(headers.accept ?? '')),
  };
}

function asAnswer({ chunks, tag }: View, bootId: string, headers: Readonly<Record<string, string>>): Answer {
  return { status: 200, headers, chunks, tag: `${bootId}-${tag}` };
}

/** OpenMetrics when it is named and weighs no less than the text format. */
function formatOf(accept: string): Format {
  const weights = { text: 0, openmetrics: 0 };
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2)) || 0;
    const isAny = type === '*/*' || type === 'text/*' || type === 'text/plain';
    if (type === 'application/openmetrics-text') weights.openmetrics = Math.max(weights.openmetrics, weight);
    else if (isAny) weights.text = Math.max(weights.text, weight);
  }
  return weights.openmetrics > 0 && weights.openmetrics >= weights.text ? 'openmetrics' : 'text';
}

type Given = GivenOf<typeof ROUTES.metrics>;

function selectionOf({ since, until, last, sessionTimes }: Given, nowMs: number): Selection {
  return {
    sinceMs: since?.(nowMs) ?? null,
    untilMs: until?.(nowMs) ?? null,
    last: last ?? null,
    sessionTimes: sessionTimes ?? true,
  };
}
