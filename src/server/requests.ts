/**
 * Counts answered HTTP requests. Every label comes from a closed list, whatever a client sends. Main thread.
 */
import type { CellOf, RecordDelta } from '../metrics/delta.js';
import { CODES, METHODS } from './domains.js';

export function countRequests(
  record: RecordDelta,
  cellOf: CellOf,
  routes: readonly string[],
): (route: string, method: string, code: number, ms: number) => void {
  const counters = new Map<string, number>();
  const durations = new Map<string, number>();
  for (const route of [...routes, 'other']) {
    durations.set(route, cellOf('headcount_http_request_duration_seconds', route));
    for (const method of METHODS) {
      for (const code of CODES) {
        counters.set(`${route} ${method} ${code}`, cellOf('headcount_http_requests_total', route, method, code));
      }
    }
  }
  const methods = new Set<string>(METHODS);
  const codes = new Set(CODES);
  return (route, method, code, ms) => {
    const knownMethod = methods.has(method) ? method : 'other';
    const knownCode = codes.has(String(code)) ? String(code) : 'other';
    const counter = counters.get(`${route} ${knownMethod} ${knownCode}`);
    const duration = durations.get(route);
    if (counter === undefined || duration === undefined) throw new Error(`route ${route} is not in the list of paths`);
    record(counter, 1);
    record(duration, ms);
  };
}
