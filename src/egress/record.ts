/**
 * What is counted of all exits together. Bytes come in every few KiB, and are told a few times a second, because each
 * telling is a record in the thread's lane. Egress thread.
 */
import type { Clock } from '../clock.js';
import { EGRESS_DIRECTIONS, type EgressDirection, type EgressRefusal } from '../protocol/egress.js';

/** Takes the counts. */
export interface EgressRecord {
  bytes(direction: EgressDirection, bytes: number): void;
  /** One connection has been made. */
  connection(): void;
  refusal(reason: EgressRefusal): void;
  /** So many connections are open. */
  open(count: number): void;
}

/** What exits report. */
export interface Traffic {
  bytes(direction: EgressDirection, bytes: number): void;
  opened(): void;
  closed(): void;
  refusal(reason: EgressRefusal): void;
}

const TOLD_MS = 250;

export function createTraffic(record: EgressRecord, clock: Clock): Traffic {
  const pending: Record<EgressDirection, number> = { sent: 0, received: 0 };
  let openCount = 0;
  let isArmed = false;

  const tell = (): void => {
    isArmed = false;
    for (const direction of EGRESS_DIRECTIONS) {
      const bytes = pending[direction];
      pending[direction] = 0;
      if (bytes > 0) record.bytes(direction, bytes);
    }
    record.open(openCount);
  };
  const arm = (): void => {
    if (isArmed) return;
    isArmed = true;
    clock.after(TOLD_MS, tell);
  };

  return {
    bytes(direction, bytes) {
      pending[direction] += bytes;
      arm();
    },
    opened() {
      openCount++;
      record.connection();
      arm();
    },
    closed() {
      openCount--;
      arm();
    },
    refusal: (reason) => record.refusal(reason),
  };
}
