/**
 * A server's life as far as its history knows it: the file, a ring of its rows, the fold, and sessions over a clock
 * that stands still. Shared by the tests of `src/store/`.
 */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createFold, type Fold } from '../../src/metrics/fold.js';
import { createLayout } from '../../src/metrics/layout.js';
import { createRing, type Ring, SESSION_TIMES_HELD } from '../../src/metrics/ring.js';
import { HISTOGRAM_OFFSET, word } from '../../src/metrics/row.js';
import { createRowTexts, droppedOf } from '../../src/metrics/views/rows.js';
import { shownRows } from '../../src/metrics/views/shown.js';
import type { Files } from '../../src/store/files.js';
import { type HistoryFile, openHistoryFile } from '../../src/store/history.js';
import { DOMAINS } from '../metrics/domains.js';
import { createFakeClock, type FakeClock } from '../metrics/fake-clock.js';
import { storedRow } from '../metrics/views/selections.js';

export const PERIOD_MS = 300_000;
/** The start of a period. */
export const START_MS = 1_700_000_100_000;

export interface LifeOptions {
  readonly path: string;
  readonly periods?: number;
  readonly periodMs?: number;
  readonly clock?: FakeClock;
  readonly files?: Files;
  /** Without it, nothing is ever written. */
  readonly isAttached?: boolean;
}

export interface Life {
  readonly clock: FakeClock;
  readonly ring: Ring;
  readonly fold: Fold;
  readonly history: HistoryFile;
  /** `level message`. */
  readonly logs: string[];
  readonly failures: string[];
  readonly flushesMs: number[];
  /** A session from its slot to its end. */
  session(runMs: number, failure?: string): void;
  /** A session that only starts. */
  start(): void;
  nextPeriod(): void;
  /** The rows held, as they are stored, the live one last. */
  rows(): JsonRow[];
  /** The rows as `/metrics` shows them, the live one last. */
  shown(): JsonRow[];
}

export type JsonRow = { readonly [column: string]: number } & { readonly sessionTimes: readonly number[] };

export async function startLife(options: LifeOptions): Promise<Life> {
  const { path, periods = 4, periodMs = PERIOD_MS, clock = createFakeClock(START_MS) } = options;
  const logs: string[] = [];
  const failures: string[] = [];
  const flushesMs: number[] = [];
  const history = await openHistoryFile({
    path,
    setting: 'STATE_DIR',
    periods,
    periodMs,
    clock,
    log: (level, message) => logs.push(`${level} ${message}`),
    ...(options.files ? { files: options.files } : {}),
  });
  const date = Math.floor(clock.epochMs() / periodMs) * periodMs;
  const ring = createRing({ periods }, date, history.restored);
  const onFlush = (ms: number): void => {
    flushesMs.push(ms);
  };
  const onFailure = (reason: string): void => {
    failures.push(reason);
  };
  if (options.isAttached !== false) history.attach({ ring, onFlush, onFailure });
  const layout = createLayout(DOMAINS);
  const fold = createFold({ layout, ring, lanes: [], clock, periodMs });
  const { record } = fold;
  const start = (): void => {
    record(layout.cellOf('headcount_sessions_started_total', 'pdf'), 1);
    record(layout.cellOf('headcount_queue_wait_duration_seconds'), 3);
  };
  return {
    clock,
    ring,
    fold,
    history,
    logs,
    failures,
    flushesMs,
    start,
    session(runMs, failure) {
      start();
      record(layout.cellOf('headcount_sessions_total', 'pdf'), 1);
      if (failure !== undefined) record(layout.cellOf('headcount_session_failures_total', 'pdf', failure), 1);
      record(layout.cellOf('headcount_session_duration_seconds', 'pdf'), runMs);
      record(layout.cellOf('headcount_cpu_ratio'), 0.25);
    },
    nextPeriod() {
      clock.pass(fold.untilRollMs());
      fold.roll();
    },
    rows: () => rowsOf(ring),
    shown() {
      const texts = createRowTexts(ring);
      return shownRows(ring, periods * periodMs).map((row) => JSON.parse(texts.of(row).full));
    },
  };
}

export function rowsOf(ring: Ring): JsonRow[] {
  const texts = createRowTexts(ring);
  const oldest = Math.max(0, ring.closed() - ring.periods);
  const sequences = Array.from({ length: ring.closed() + 1 - oldest }, (_, i) => oldest + i);
  return sequences.map((sequence) => JSON.parse(texts.of(storedRow(ring, sequence)).full));
}

/** The sums that hold in every row, whatever happened to the file. */
export function checkSums(ring: Ring): void {
  for (let sequence = Math.max(0, ring.closed() - ring.periods); sequence <= ring.closed(); sequence++) {
    const row = ring.row(sequence);
    const settled = word(row, 'settled');
    const counted = row.subarray(HISTOGRAM_OFFSET).reduce((sum, count) => sum + count, 0);
    assert.is(counted, settled, `row ${sequence}: ${counted} in the histogram, ${settled} settled`);
    const start = word(row, 'timesStart');
    const times = ring.times(start, start + settled);
    const dropped = droppedOf(ring, sequence);
    assert.is(times.length + dropped, settled, `row ${sequence}: ${times.length} times and ${dropped} dropped`);
    if (dropped > 0) continue;
    const sum = times.reduce((total, ms) => total + ms, 0);
    assert.is(sum, word(row, 'totalTime'), `row ${sequence}: the times come to ${sum}`);
  }
  assert.ok(ring.timesWritten() < 2 ** 40 + SESSION_TIMES_HELD);
}

export interface Folder {
  readonly path: string;
  of(name: string): string;
  /** Removes all that is in it. */
  clear(): void;
  remove(): void;
}

export function makeFolder(name: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `headcount-${name}-`));
  return {
    path,
    of: (file) => join(path, file),
    clear() {
      for (const file of readdirSync(path)) rmSync(join(path, file), { recursive: true });
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
