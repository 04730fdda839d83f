/**
 * Writes out what a history file holds, for other tools: the rows of `/metrics`, the same as CSV, or OpenMetrics for
 * the backfill of a Prometheus. It only reads, and takes no lock, so a server may be writing meanwhile.
 */
import * as fs from 'node:fs/promises';
import { FIELDS, type Field } from '../metrics/fields.js';
import { createRing, type Ring } from '../metrics/ring.js';
import { W, word } from '../metrics/row.js';
import { createRowTexts, droppedIn, figuresOf } from '../metrics/views/rows.js';
import { selectRows } from '../metrics/views/selection.js';
import { type ShownRow, shownRows } from '../metrics/views/shown.js';
import type { Files } from './files.js';
import { renderOpenMetrics, type TimedRow } from './openmetrics.js';
import { inspectFile, type RecoveredFile } from './recover.js';

export const EXPORT_FORMATS = ['openmetrics', 'json', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A row that is read while it is written may be torn. The next attempt reads it whole. */
const READ_ATTEMPTS_MAX = 5;

export interface ExportOptions {
  readonly path: string;
  readonly format: ExportFormat;
  /** Takes the text in pieces. The next piece comes when it has resolved. */
  readonly write: (text: string) => void | Promise<void>;
  /** Rows whose period starts at or after the first and before the second, epoch ms; null: all. */
  readonly sinceMs?: number | null;
  readonly untilMs?: number | null;
  readonly files?: Files;
  /** Rows dated after it are dated anew, as by a server that starts now. */
  readonly nowEpochMs?: number;
}

/** @throws {Error} there is no history file at `path`; the message is for people. */
export async function exportHistory(options: ExportOptions): Promise<void> {
  const { path, format, write, files = fs, nowEpochMs = Date.now() } = options;
  const { sinceMs = null, untilMs = null } = options;
  const found = await readFile(files, path);
  const { ring, rows: all } = toRing(found, nowEpochMs);
  const { closed, live } = selectRows(all, { sinceMs, untilMs, last: null, sessionTimes: true });
  const rows = live ? [...closed, live] : closed;
  switch (format) {
    case 'json':
      return await writeJson(ring, rows, write);
    case 'csv':
      return await writeCsv(ring, rows, write);
    case 'openmetrics':
      for (const text of renderOpenMetrics(timed(ring, rows, found))) await write(text);
  }
}

async function readFile(files: Files, path: string): Promise<RecoveredFile> {
  for (let attempt = 1; ; attempt++) {
    const found = await inspectFile(files, path);
    if (found.kind === 'ring' && (found.damage.length === 0 || attempt === READ_ATTEMPTS_MAX)) return found;
    if (found.kind === 'unusable' || found.kind === 'version') throw new Error(`${path} ${found.message}`);
    if (found.kind !== 'ring') throw new Error(`there is no history file at ${path}`);
  }
}

/** The ring as it was when the file was written, and those of its rows that `/metrics` shows. */
function toRing(found: RecoveredFile, nowEpochMs: number): { ring: Ring; rows: readonly ShownRow[] } {
  const last = found.rows.at(-1);
  const periods = found.shape?.periods ?? Math.max(1, found.rows.length);
  const periodMs = found.periodMs ?? 0;
  if (!last) return { ring: createRing({ periods }, 0), rows: [] };
  const date = word(last, 'date');
  const ring = createRing({ periods }, date, found);
  ring.open()[W.running] = word(last, 'running');
  if (date - nowEpochMs > periodMs) ring.close(Math.floor(nowEpochMs / periodMs) * periodMs);
  return { ring, rows: shownRows(ring, periods * periodMs) };
}

async function writeJson(ring: Ring, rows: readonly ShownRow[], write: ExportOptions['write']): Promise<void> {
  const texts = createRowTexts(ring);
  await write('[');
  for (const [i, row] of rows.entries()) await write(`${i > 0 ? ',' : ''}${texts.of(row).full}`);
  await write(']\n');
}

async function writeCsv(ring: Ring, rows: readonly ShownRow[], write: ExportOptions['write']): Promise<void> {
  const fields: readonly Field[] = FIELDS.filter(({ name }) => name !== 'sessionTimes');
  await write(`${['isoDate', ...fields.map(({ name }) => name)].join()}\n`);
  for (const { from, to, date } of rows) {
    const row = figuresOf(ring, { from, to, date });
    const dropped = droppedIn(ring, { from, to: to + 1 });
    const figures = fields.map(({ of }) => (of ? of(row) : dropped));
    await write(`${[new Date(date).toISOString(), ...figures].join()}\n`);
  }
}

/**
 * Each row with the moment at which its figures were complete: the end of its period, or for the last row the time of
 * the write.
 */
function timed(ring: Ring, rows: readonly ShownRow[], found: RecoveredFile): TimedRow[] {
  return rows.map((shown) => {
    const { to, date } = shown;
    const end = date + (found.periodMs ?? 0);
    const writtenAt = Math.min(Math.max(Math.round(found.modifiedEpochMs), date + 1), end);
    const row = figuresOf(ring, shown);
    return { row, startEpochMs: date, endEpochMs: to === ring.closed() ? writtenAt : end };
  });
}
