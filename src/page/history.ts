/**
 * The rows that the page holds: the closed ones as `/metrics` gave them, and the live one as the last event had it.
 * Pure.
 */
import type { Figures, Row } from './figures.js';

/** `rows` with those of `newer`, which win where dates are equal; oldest first, none before `fromMs`. */
export function mergeRows(rows: readonly Row[], newer: readonly Row[], fromMs: number): Row[] {
  const byDate = new Map([...rows, ...newer].map((row) => [row.date, row]));
  return [...byDate.values()].filter(({ date }) => date >= fromMs).sort((a, b) => a.date - b.date);
}

/** `rows` with the live one at the end. Later rows go: a server that came back with another history has others. */
export function withLive(rows: readonly Row[], live: Row): Row[] {
  const from = rows.findLastIndex(({ date }) => date < live.date);
  return [...rows.slice(0, from + 1), live];
}

/**
 * From which date on rows are to be asked for, given that of the live row when they were last; null: all of them. A
 * live row of an earlier date says that the server's clock was set back, and then others have new dates as well.
 */
export function unknownSince(knownDate: number | null, liveDate: number): number | null {
  return knownDate !== null && knownDate < liveDate ? knownDate : null;
}

const REQUESTS = ['maxConcurrent', 'queued', 'rejected', 'unhealthy', 'expired', 'abandoned', 'unavailable'] as const;

/** Whether nobody has asked for a session in any of them. */
export function isFresh(rows: readonly Row[]): boolean {
  return rows.every((row) => REQUESTS.every((name) => row[name] === 0));
}

/** The figures of some rows in one, given those that the server has added up: as a row, with mean CPU and memory. */
export function totalRow(figures: Figures, rows: readonly Row[]): Row {
  const mean = (name: 'cpu' | 'memory'): number =>
    rows.reduce((sum, row) => sum + row[name], 0) / Math.max(rows.length, 1);
  return { ...figures, date: rows[0]?.date ?? 0, cpu: mean('cpu'), memory: mean('memory') };
}
