/**
 * Joins the ring and its file: restored rows go into the ring; flushes and their failures are counted. Main thread.
 */
import type { Clock } from '../clock.js';
import type { Config } from '../config/settings.js';
import type { Log } from '../log.js';
import type { CellOf, RecordDelta } from '../metrics/delta.js';
import type { Ring } from '../metrics/ring.js';
import { FLUSH_FAILURE_REASONS } from '../store/files.js';
import { type HistoryFile, openHistoryFile } from '../store/history.js';

interface Keeper {
  flush(): void;
  close(): Promise<void>;
}

/** Null when the settings want no file. Never rejects: when the file cannot be had, the log says so. */
export async function openHistory(
  path: string | null,
  { config, clock, log }: { readonly config: Config; readonly clock: Clock; readonly log: Log },
): Promise<HistoryFile | null> {
  if (path === null) return null;
  const { periods, periodMs, metricsFile } = config;
  const setting = metricsFile === null ? 'STATE_DIR' : 'METRICS_FILE';
  return await openHistoryFile({
    path,
    setting,
    periods,
    periodMs,
    clock,
    log: (level, message) => log[level](message),
  });
}

export function keepHistory(
  file: HistoryFile | null,
  { ring, record, cellOf }: { readonly ring: Ring; readonly record: RecordDelta; readonly cellOf: CellOf },
): Keeper {
  const duration = cellOf('headcount_history_flush_duration_seconds');
  const failures = new Map(
    FLUSH_FAILURE_REASONS.map((reason) => [reason, cellOf('headcount_history_flush_failures_total', reason)]),
  );
  file?.attach({
    ring,
    onFlush: (ms) => record(duration, ms),
    onFailure: (reason) => record(failures.get(reason) ?? 0, 1),
  });
  return {
    flush: () => void file?.flush(),
    close: async () => void (await file?.close()),
  };
}
