/**
 * The routes that show the numbers: a snapshot and a view, nothing else. Main thread.
 */
import { ServiceError } from '../failures.js';
import type { Snapshot } from '../metrics/snapshot.js';
import type { SelectingView, View } from '../metrics/views/history.js';
import type { Format, PrometheusView } from '../metrics/views/prometheus.js';
import type { Selection } from '../metrics/views/selection.js';
import type { Answer, Request, Route } from './route.js';

const METHODS = ['GET', 'HEAD'];

export interface MetricsRouteOptions {
  readonly takeSnapshot: () => Snapshot;
  readonly history: SelectingView;
  readonly totals: SelectingView;
  readonly prometheus: Pick<PrometheusView, 'render' | 'contentTypes'>;
  readonly nowEpochMs: () => number;
  /** Differs between processes: tags of views are equal only within one. */
  readonly bootId: string;
}

export function metricsRoutes(options: MetricsRouteOptions): Route[] {
  const { takeSnapshot, prometheus, bootId } = options;
  const exposition = (format: Format): Answer => {
    const view = prometheus.render(takeSnapshot(), format);
    return asAnswer(view, bootId, { 'Content-Type': prometheus.contentTypes[format], Vary: 'Accept' });
  };
  const selected = (view: SelectingView, { query }: Request): Answer => {
    const selection = selectionOf(query, options.nowEpochMs());
    const headers = { 'Content-Type': 'application/json; charset=utf-8', Vary: 'Accept' };
    return asAnswer(view(takeSnapshot(), selection), bootId, headers);
  };
  const totals = (request: Request): Answer => selected(options.totals, request);
  return [
    {
      path: '/metrics',
      methods: METHODS,
      handle: (request) => {
        const accept = request.headers.accept ?? '';
        // A Prometheus pointed at its default path names these; browsers and curl do not.
        return /application\/openmetrics-text|text\/plain\s*;\s*version=/.test(accept)
          ? exposition(formatOf(accept))
          : selected(options.history, request);
      },
    },
    { path: '/metrics/all', methods: METHODS, handle: totals },
    { path: '/metrics/total', methods: METHODS, handle: totals },
    { path: '/prometheus', methods: METHODS, handle: ({ headers }) => exposition(formatOf(headers.accept ?? '')) },
  ];
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

function selectionOf(query: URLSearchParams, nowMs: number): Selection {
  return {
    sinceMs: instantOf(query, 'since', nowMs),
    untilMs: instantOf(query, 'until', nowMs),
    last: lastOf(query),
    sessionTimes: sessionTimesOf(query),
  };
}

const SPAN_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

function instantOf(query: URLSearchParams, name: string, nowMs: number): number | null {
  const given = query.get(name);
  if (given === null) return null;
  const [, amount, unit = ''] = /^-(\d{1,9})([smhdw])$/.exec(given) ?? [];
  if (amount !== undefined) return nowMs - Number(amount) * (SPAN_MS[unit] ?? 0);
  if (/^\d{1,15}$/.test(given)) return Number(given);
  const parsed = /^\d{4}-\d\d-\d\d(T.*)?$/.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(parsed)) {
    throw new ServiceError('BAD_REQUEST', `${name}: must be epoch ms, an ISO 8601 date, or a span such as -2h`);
  }
  return parsed;
}

function lastOf(query: URLSearchParams): number | null {
  const given = query.get('last');
  if (given === null) return null;
  if (!/^[1-9]\d{0,8}$/.test(given)) throw new ServiceError('BAD_REQUEST', 'last: must be a whole number from 1');
  return Number(given);
}

function sessionTimesOf(query: URLSearchParams): boolean {
  const given = query.get('sessionTimes') ?? 'true';
  if (given !== 'true' && given !== 'false')
    throw new ServiceError('BAD_REQUEST', 'sessionTimes: must be true or false');
  return given === 'true';
}
