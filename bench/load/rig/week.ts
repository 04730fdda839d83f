/**
 * A week of history with which a server begins: rows as browserless wrote them, which headcount imports. One session a
 * second, 300 in each period.
 */

import { writeFileSync } from 'node:fs';

const PERIOD_MS = 300_000;
const PERIODS = 2016;
const SESSIONS = 300;

/** Writes the file for METRICS_FILE. */
export function writeWeek(path: string): void {
  const open = Math.floor(Date.now() / PERIOD_MS) * PERIOD_MS;
  const rows = Array.from({ length: PERIODS }, (_, i) => row(open - (PERIODS - i) * PERIOD_MS, i));
  writeFileSync(path, JSON.stringify(rows));
}

function row(date: number, index: number) {
  const sessionTimes = Array.from({ length: SESSIONS }, (_, i) => timeOf(index * SESSIONS + i));
  return {
    date,
    successful: SESSIONS,
    error: 0,
    queued: 40,
    rejected: 2,
    unhealthy: 0,
    timedout: 0,
    memory: 0.4,
    cpu: 0.6,
    maxConcurrent: 8,
    sessionTimes,
    totalTime: sessionTimes.reduce((sum, ms) => sum + ms, 0),
    minTime: Math.min(...sessionTimes),
    maxTime: Math.max(...sessionTimes),
    units: SESSIONS,
  };
}

/** Whole ms from 1 to 4 s, spread like run times: many short, few long. */
function timeOf(i: number): number {
  return 1 + Math.floor(4000 * ((i * 0.618_034) % 1) ** 3);
}
