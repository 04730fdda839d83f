/**
 * What must add up between the samples of one scrape. Every identity holds in every scrape, because a snapshot is taken
 * between two events of the main thread. Those that hold only at rest are kept apart.
 */

import type { Sample } from '../metrics/views/exposition.js';

/** `[what, one side, the other]` for each identity that does not hold. */
export function brokenIdentities(samples: readonly Sample[]): [what: string, left: number, right: number][] {
  const of = (name: string, labels?: Sample['labels']): number => sum(samples, name, labels);
  const kinds = valuesOf(samples, 'headcount_sessions_total', 'kind');
  const pairs: [string, number, number][] = [
    [
      'requested = started + rejected + waiting',
      of('headcount_sessions_requested_total'),
      of('headcount_sessions_started_total') + of('headcount_requests_rejected_total') + of('headcount_queue_length'),
    ],
    [
      'queue waits = started',
      of('headcount_queue_wait_duration_seconds_count'),
      of('headcount_sessions_started_total'),
    ],
    [
      'launches = exits + alive',
      of('headcount_browser_launches_total'),
      of('headcount_browser_exits_total') + of('headcount_browsers'),
    ],
    ['nothing dropped', of('headcount_deltas_dropped_total'), 0],
    ...kinds.flatMap((kind): [string, number, number][] => [
      [
        `${kind}: started = settled + active`,
        of('headcount_sessions_started_total', { kind }),
        of('headcount_sessions_total', { kind }) + of('headcount_sessions_active', { kind }),
      ],
      [
        `${kind}: run times = settled`,
        of('headcount_session_duration_seconds_count', { kind }),
        of('headcount_sessions_total', { kind }),
      ],
    ]),
    ...histogramPairs(samples),
  ];
  if (kinds.length === 0) pairs.push(['there are kinds', 0, 1]);
  return pairs.filter(([, left, right]) => left !== right);
}

/** Those keys of `/metrics/all` that follow from the counters, on a server from which no row has expired. */
export function expectedTotals(samples: readonly Sample[]): Record<string, number> {
  const of = (name: string, labels?: Sample['labels']): number => sum(samples, name, labels);
  const failed = of('headcount_session_failures_total');
  const timedout = of('headcount_session_failures_total', { reason: 'timeout' });
  const rejected = (reason: string): number => of('headcount_requests_rejected_total', { reason });
  return {
    successful: of('headcount_sessions_total') - failed,
    timedout,
    error: failed - timedout,
    queued: of('headcount_sessions_queued_total'),
    rejected: rejected('queue_full') + rejected('deadline'),
    unhealthy: rejected('overload'),
    unavailable: rejected('draining') + rejected('no_browser'),
    expired: rejected('expired'),
    abandoned: rejected('abandoned'),
    unauthorized: of('headcount_unauthorized_total'),
    running: of('headcount_sessions_active'),
    totalTime: Math.round(of('headcount_session_duration_seconds_sum') * 1000),
    queueTime: Math.round(of('headcount_queue_wait_duration_seconds_sum') * 1000),
  };
}

/** Sum over the series of this name with these labels. */
export function sum(samples: readonly Sample[], name: string, labels: Sample['labels'] = {}): number {
  const wanted = Object.entries(labels);
  return samples
    .filter((sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value))
    .reduce((total, { value }) => total + value, 0);
}

export function valuesOf(samples: readonly Sample[], name: string, label: string): string[] {
  return [...new Set(samples.flatMap((sample) => (sample.name === name ? [sample.labels[label] ?? ''] : [])))];
}

function histogramPairs(samples: readonly Sample[]): [string, number, number][] {
  return samples
    .filter(({ name, labels }) => name.endsWith('_bucket') && labels['le'] === '+Inf')
    .map(({ name, labels: { le: _, ...labels }, value }) => {
      const count = name.replace(/_bucket$/, '_count');
      return [`${count}${JSON.stringify(labels)} = +Inf`, sum(samples, count, labels), value];
    });
}
