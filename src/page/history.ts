/**
 * The rows that the page holds: closed rows from `/metrics`, and the live row from the last event. Pure.
 */
import type { Figures, Row } from './figures.js';

/** `rows` and `newer` together, oldest first, none before `fromMs`. Where dates are equal, `newer` wins. */
export function mergeRows(rows: readonly Row[], newer: readonly Row[], fromMs: number): Row[] {
  const byDate = new Map([...rows, ...newer].map((row) => [row.date, row]));
  return [...byDate.values()].filter(({ date }) => date >= fromMs).sort((a, b) => a.date - b.date);
}

/** `rows` with the live row at the end. Later rows are dropped, because a server may come back with another history. */
export function withLive(rows: readonly Row[], live: Row): Row[] {
  const from = rows.findLastIndex(({ date }) => date < live.date);
  return [...rows.slice(0, from + 1), live];
}

/**
 * From which date on to ask for rows, given the live row's date at the last time; null: ask for all. An earlier live
 * row means that the server's clock was set back, and then other rows have new dates as well.
 */
export function unknownSince(knownDate: number | null, liveDate: number): number | null {
  return knownDate !== null && knownDate < liveDate ? knownDate : null;
}

const REQUESTS = ['maxConcurrent', 'queued', 'rejected', 'unhealthy', 'expired', 'abandoned', 'unavailable'] as const;

/** True when nobody has asked for a session in any of the rows. */
export function isFresh(rows: readonly Row[]): boolean {
  return rows.every((row) => REQUESTS.every((name) => row[name] === 0));
}

/** Several rows as one: the figures that the server has added up, and the mean CPU and memory of the rows. */
export function totalRow(figures: Figures, rows: readonly Row[]): Row {
  const mean = (name: 'cpu' | 'memory'): number =>
    rows.reduce((sum, row) => sum + row[name], 0) / Math.max(rows.length, 1);
  return { ...figures, date: rows[0]?.date ?? 0, cpu: mean('cpu'), memory: mean('memory') };
}
