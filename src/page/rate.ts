/**
 * How many sessions end in a minute: the live row's counts, seen once a second, over the last minute. Pure.
 */
import type { Row } from './figures.js';

const WINDOW_MS = 60_000;

interface Sample {
  readonly atMs: number;
  /** Of the period that the count belongs to. */
  readonly date: number;
  readonly ended: number;
}

export interface Rate {
  /** `atMs` is the server's clock. */
  add(row: Row, atMs: number): void;
  /** Null until two samples are there; of `overMs`, at most a minute and a little. */
  now(): { readonly perMinute: number; readonly overMs: number } | null;
  /** What was seen before says nothing about what comes. */
  reset(): void;
}

export function createRate(): Rate {
  let samples: readonly Sample[] = [];
  return {
    add(row, atMs) {
      const sample = { atMs, date: row.date, ended: row.successful + row.error + row.timedout };
      // One before the window is kept as what the first within it is compared with.
      const from = samples.findIndex((one) => one.atMs > atMs - WINDOW_MS);
      samples = [...samples.slice(from === -1 ? samples.length : Math.max(from - 1, 0)), sample];
    },
    now() {
      const first = samples[0];
      const last = samples.at(-1);
      if (!first || !last || last.atMs <= first.atMs) return null;
      const ended = samples.slice(1).reduce((sum, sample, index) => sum + endedSince(sample, samples[index]), 0);
      const overMs = last.atMs - first.atMs;
      return { perMinute: (ended * WINDOW_MS) / overMs, overMs };
    },
    reset() {
      samples = [];
    },
  };
}

/** A new row begins at 0; what ended in the last second of the one before is in no live row that was seen. */
function endedSince(sample: Sample, before: Sample | undefined): number {
  if (!before) return 0;
  return before.date === sample.date ? Math.max(sample.ended - before.ended, 0) : sample.ended;
}
