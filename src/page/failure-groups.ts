/**
 * Groups failures that are alike. Otherwise a hundred requests that a full queue turned away would hide the one session
 * that failed. Pure.
 */
import type { Failure } from './figures.js';

export interface FailureGroup {
  readonly times: number;
  readonly latest: Failure;
}

/** `failures` and groups have the latest first. */
export function groupFailures(failures: readonly Failure[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const failure of failures) {
    const { reason, kind, host, status, message } = failure;
    const key = JSON.stringify([reason, kind, host, status, message]);
    const { times, latest } = groups.get(key) ?? { times: 0, latest: failure };
    groups.set(key, { times: times + 1, latest });
  }
  return [...groups.values()];
}
