/**
 * Writes out what a history file holds, for other tools: the rows of `/metrics`, the same as CSV, or OpenMetrics to
 * backfill a Prometheus with. Only reads, without the lock, so a server may be writing meanwhile.
 */
import * as fs from 'node:fs/promises';
import { FIELDS, type Field } from '../metrics/fields.js';
import { createRing, type Ring } from '../metrics/ring.js';
import { W, word } from '../metrics/row.js';
import { createRowTexts, droppedOf } from '../metrics/views/rows.js';
import { EVERYTHING, selectRows } from '../metrics/views/selection.js';
import { renderOpenMetrics, type TimedRow } from './openmetrics.js';
import { inspectFile, type RecoveredFile } from './recover.js';

export const EXPORT_FORMATS = ['openmetrics', 'json', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A row that is read while it is written may be torn; it is whole the next time. */
const READ_ATTEMPTS_MAX = 5;

interface ExportOptions {
  readonly path: string;
  readonly format: ExportFormat;
  /** Takes the text, in pieces; the next comes when it has resolved. */
  readonly write: (text: string) => void | Promise<void>;
}

/** @throws {Error} there is no history file at `path`; the message is for people. */
export async function exportHistory({ path, format, write }: ExportOptions): Promise<void> {
  const found = await readFile(path);
  const { ring, sequences, retentionMs } = toRing(found);
  switch (format) {
    case 'json':
      return await writeJson(ring, sequences, write);
    case 'csv':
      return await writeCsv(ring, sequences, write);
    case 'openmetrics': {
      const periodMs = retentionMs / ring.periods;
      for (const text of renderOpenMetrics(timed(ring, sequences, { periodMs, found }))) await write(text);
    }
  }
}

async function readFile(path: string): Promise<RecoveredFile> {
  for (let attempt = 1; ; attempt++) {
    const found = await inspectFile(fs, path);
    if (found.kind === 'ring' && (found.damage.length === 0 || attempt === READ_ATTEMPTS_MAX)) return found;
    if (found.kind === 'unusable' || found.kind === 'version') throw new Error(`${path} ${found.message}`);
    if (found.kind !== 'ring') throw new Error(`there is no history file at ${path}`);
  }
}

/** The ring as it was when the file was written, and the rows of it that `/metrics` shows. */
function toRing(found: RecoveredFile): { ring: Ring; sequences: number[]; retentionMs: number } {
  const last = found.rows.at(-1);
  const periods = found.shape?.periods ?? Math.max(1, found.rows.length);
  const retentionMs = periods * (found.periodMs ?? 0);
  if (!last) return { ring: createRing({ periods }, 0), sequences: [], retentionMs };
  const ring = createRing({ periods }, word(last, 'date'), found);
  ring.open()[W.running] = word(last, 'running');
  const { from } = selectRows(ring, EVERYTHING, retentionMs);
  return { ring, sequences: Array.from({ length: ring.closed() + 1 - from }, (_, i) => from + i), retentionMs };
}

async function writeJson(ring: Ring, sequences: readonly number[], write: ExportOptions['write']): Promise<void> {
  const texts = createRowTexts(ring);
  await write('[');
  for (const [i, sequence] of sequences.entries()) await write(`${i > 0 ? ',' : ''}${texts.of(sequence).full}`);
  await write(']\n');
}

async function writeCsv(ring: Ring, sequences: readonly number[], write: ExportOptions['write']): Promise<void> {
  const fields: readonly Field[] = FIELDS.filter(({ name }) => name !== 'sessionTimes');
  await write(`${fields.map(({ name }) => name).join()}\n`);
  for (const sequence of sequences) {
    const row = ring.row(sequence);
    await write(`${fields.map(({ of }) => (of ? of(row) : droppedOf(ring, sequence))).join()}\n`);
  }
}

/** Each row with the moment at which its figures were all there: the end of its period, for the last one the write. */
function timed(
  ring: Ring,
  sequences: readonly number[],
  { periodMs, found }: { readonly periodMs: number; readonly found: RecoveredFile },
): TimedRow[] {
  return sequences.map((sequence) => {
    const row = ring.row(sequence);
    const date = word(row, 'date');
    const end = date + periodMs;
    const writtenAt = Math.min(Math.max(Math.round(found.modifiedEpochMs), date + 1), end);
    return { row, startEpochMs: date, endEpochMs: sequence === ring.closed() ? writtenAt : end };
  });
}
