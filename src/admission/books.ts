/**
 * What admission counts, by its own names: every way that a session can go. Out: stat deltas; their cells are resolved
 * once. Only the main thread counts here, so a dead worker cannot unbalance the books.
 */
import type { Clock } from '../clock.js';
import {
  REJECTION_REASONS,
  type RejectionReason,
  SESSION_FAILURE_REASONS,
  type SessionFailureReason,
} from '../failures.js';
import type { CellOf, RecordDelta } from '../metrics/delta.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';

export interface Books {
  requested(kind: SessionKind): void;
  queued(): void;
  rejected(reason: RejectionReason): void;
  started(kind: SessionKind, queueMs: number): void;
  /** `reason` is null when the session ended well. `runMs` is a whole number. */
  settled(kind: SessionKind, reason: SessionFailureReason | null, runMs: number): void;
  /** Says how many slots are in use from now on. A call with the same number brings the slot-seconds up to now. */
  slots(inUse: number): void;
}

export function createBooks(options: {
  readonly record: RecordDelta;
  readonly cellOf: CellOf;
  readonly kinds: readonly SessionKind[];
  readonly clock: Clock;
}): Books {
  const { record, cellOf, kinds, clock } = options;
  const perKind = new Map(
    kinds.map((kind) => [
      kind,
      {
        requested: cellOf('headcount_sessions_requested_total', kind),
        started: cellOf('headcount_sessions_started_total', kind),
        settled: cellOf('headcount_sessions_total', kind),
        duration: cellOf('headcount_session_duration_seconds', kind),
        failures: new Map(
          SESSION_FAILURE_REASONS.map((reason) => [reason, cellOf('headcount_session_failures_total', kind, reason)]),
        ),
      },
    ]),
  );
  const rejections = new Map(
    REJECTION_REASONS.map((reason) => [reason, cellOf('headcount_requests_rejected_total', reason)]),
  );
  const queuedCell = cellOf('headcount_sessions_queued_total');
  const waitCell = cellOf('headcount_queue_wait_duration_seconds');
  const busyCell = cellOf('headcount_session_busy_seconds_total');
  let slotsInUse = 0;
  let slotsSinceMs = clock.monotonicMs();

  const of = (kind: SessionKind) => {
    const found = perKind.get(kind);
    if (!found) throw new Error(`sessions of kind ${kind} are not counted`);
    return found;
  };

  return {
    requested: (kind) => record(of(kind).requested, 1),
    queued: () => record(queuedCell, 1),
    rejected: (reason) => record(rejections.get(reason) ?? 0, 1),
    started(kind, queueMs) {
      record(of(kind).started, 1);
      record(waitCell, queueMs);
    },
    settled(kind, reason, runMs) {
      const { settled, failures, duration } = of(kind);
      record(settled, 1);
      if (reason !== null) record(failures.get(reason) ?? 0, 1);
      record(duration, runMs);
    },
    slots(inUse) {
      const nowMs = clock.monotonicMs();
      if (slotsInUse > 0) record(busyCell, slotsInUse * (nowMs - slotsSinceMs));
      slotsInUse = inUse;
      slotsSinceMs = nowMs;
    },
  };
}
