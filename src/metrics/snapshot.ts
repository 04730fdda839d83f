/**
 * What the views read: the counters as they were at one moment, and the ring with its open row. To take one, lanes are
 * drained, a period that is over is closed, and the collectors say what only they know. Main thread.
 */
import assert from 'node:assert/strict';
import type { Clock } from '../clock.js';
import type { RecordDelta } from './delta.js';
import { COLLECTORS, type Collector } from './family.js';
import type { Fold } from './fold.js';
import type { Layout } from './layout.js';
import type { Ring } from './ring.js';

export interface Snapshot {
  /** Differs between two snapshots of one process. When it is equal, every view of them is equal. */
  readonly id: number;
  /** `Fold.version` at that moment. When it is equal, every view of the history is equal. */
  readonly version: number;
  /** float64[layout.size], a copy. */
  readonly counters: Float64Array;
  /** Collectors that threw. Their families are left out. */
  readonly failed: ReadonlySet<Collector>;
  readonly ring: Ring;
}

/** Sets the values of its families, by cell. Main thread, synchronous and quick, because it runs within a scrape. */
export type Collect = (set: RecordDelta) => void;

/** A snapshot is used again for at most this long, and only while nothing but the server's own answers was counted. */
const SHARED_MS = 100;

export function createSnapshots(options: {
  readonly fold: Fold;
  readonly layout: Layout;
  readonly ring: Ring;
  readonly clock: Clock;
  readonly collectors: Readonly<{ [C in Collector]: Collect }>;
  readonly onError: (collector: Collector, error: unknown) => void;
}): () => Snapshot {
  const { fold, layout, ring, clock, collectors } = options;
  const cells = COLLECTORS.map((name) => ({
    name,
    duration: layout.cellOf('headcount_collector_duration_seconds', name),
    success: layout.cellOf('headcount_collector_success', name),
  }));
  let last: { snapshot: Snapshot; takenAtMs: number } | null = null;
  let id = 0;

  return () => {
    fold.drain();
    fold.roll();
    const nowMs = clock.monotonicMs();
    if (last && last.snapshot.version === fold.version() && nowMs - last.takenAtMs < SHARED_MS) return last.snapshot;
    const counters = fold.counters.slice();
    const set: RecordDelta = (cell, value) => {
      if (!Number.isFinite(value)) assert.fail(`a collector set cell ${cell} to ${value}`);
      counters[cell] = value;
    };
    const failed = new Set<Collector>();
    for (const { name, duration, success } of cells) {
      const startedAtMs = clock.monotonicMs();
      try {
        collectors[name](set);
      } catch (error) {
        failed.add(name);
        options.onError(name, error);
      }
      set(success, failed.has(name) ? 0 : 1);
      set(duration, clock.monotonicMs() - startedAtMs);
    }
    const snapshot = { id: ++id, version: fold.version(), counters, failed, ring };
    last = { snapshot, takenAtMs: nowMs };
    return snapshot;
  };
}
