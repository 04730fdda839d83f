/**
 * A past for a server to begin with: rows as a browserless would have left them, which headcount imports.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '../temp-dir.js';

export const PERIOD_MS = 300_000;
export const HOUR_MS = 3_600_000;

interface PastRow {
  readonly date: number;
  readonly successful: number;
  readonly error: number;
  readonly cpu: number;
  readonly sessionTimes: readonly number[];
}

/** The start of the hour. */
export function lastHour(): number {
  return Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
}

export function pastRow(date: number, given: Partial<PastRow> = {}) {
  const zeros = { error: 0, timedout: 0, queued: 0, rejected: 0, memory: 0, cpu: 0 };
  return { ...zeros, successful: 3, maxConcurrent: 1, sessionTimes: [20, 30, 40], ...given, date };
}

/** In a new folder, which is whoever's asks. */
export function writePast(rows: readonly PastRow[]): { readonly folder: string; readonly path: string } {
  const folder = makeTempDir('past');
  const path = join(folder, 'metrics.json');
  writeFileSync(path, JSON.stringify(rows));
  return { folder, path };
}
