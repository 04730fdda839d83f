/**
 * The history kept the usual way: rows as objects in an array, serialized whole for each request, and totals by walking
 * all of them. Kept for comparison.
 */

export interface HistoryObject {
  readonly [column: string]: number | number[];
}

export function renderHistory(rows: readonly HistoryObject[]): Buffer {
  return Buffer.from(JSON.stringify(rows));
}

/** The same columns as `/metrics/all`, quantiles by sorting. */
export function renderTotals(rows: readonly HistoryObject[]): Buffer {
  const sum = (name: string): number => rows.reduce((total, row) => total + Number(row[name]), 0);
  const times = rows.flatMap(({ sessionTimes }) => (Array.isArray(sessionTimes) ? sessionTimes : []));
  const sorted = Uint32Array.from(times).sort();
  const quantile = (q: number): number => sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
  const busy = rows.filter(({ sessionTimes }) => Array.isArray(sessionTimes) && sessionTimes.length > 0);
  const counts = ['successful', 'queued', 'rejected', 'unhealthy', 'timedout', 'totalTime', 'error', 'units'];
  counts.push('unauthorized', 'expired', 'abandoned', 'unavailable', 'queueTime', 'sessionTimesDropped');
  return Buffer.from(
    JSON.stringify({
      ...Object.fromEntries(counts.map((name) => [name, sum(name)])),
      meanTime: times.length === 0 ? 0 : sum('totalTime') / times.length,
      maxTime: Math.max(0, ...rows.map(({ maxTime }) => Number(maxTime))),
      minTime: busy.length === 0 ? 0 : Math.min(...busy.map(({ minTime }) => Number(minTime))),
      maxConcurrent: Math.max(0, ...rows.map(({ maxConcurrent }) => Number(maxConcurrent))),
      sessionTimes: times,
      p50Time: quantile(0.5),
      p95Time: quantile(0.95),
      p99Time: quantile(0.99),
    }),
  );
}
