/**
 * One process's files under /proc, parsed. Main thread. Every reader gives null when the process has gone.
 */

import { join } from 'node:path';
import { findNumber, readText } from './virtual-files.js';

/**
 * USER_HZ, the unit of CPU time in /proc. It is 100 on every Linux that Node.js is built for, whatever the kernel's HZ.
 */
export const CLOCK_TICKS_PER_SECOND = 100;

export interface ProcessStat {
  readonly parentPid: number;
  readonly groupId: number;
  /** Ticks since boot. Pids are used again; together with this a pid names one process for good. */
  readonly startTicks: number;
  /** A zombie, or about to be one: its CPU time is final and its memory is gone. */
  readonly isDead: boolean;
  readonly ownTicks: number;
  /** CPU time of children that it has waited for, with that of their own children. */
  readonly reapedTicks: number;
  /** Differs whenever its memory may differ. Made from its resident size and from how often it got more. */
  readonly memoryState: string;
}

export function readStat(procRoot: string, pid: number): ProcessStat | null {
  const text = readText(join(procRoot, `${pid}/stat`));
  if (text === null) return null;
  // The name is the second field, in parentheses, and may hold any character. Only the last `)` ends it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Numbered as in proc(5), where the state is field 3.
  const field = (number: number): number => Number(fields[number - 3]);
  const stat = {
    parentPid: field(4),
    groupId: field(5),
    startTicks: field(22),
    isDead: fields[0] === 'Z' || fields[0] === 'X',
    ownTicks: field(14) + field(15),
    reapedTicks: field(16) + field(17),
    memoryState: `${field(10)} ${field(12)} ${field(24)}`,
  };
  const isWhole = Number.isFinite(stat.startTicks) && Number.isFinite(stat.ownTicks + stat.reapedTicks);
  return isWhole ? stat : null;
}

/** CPU time that it has used itself; 0 when that cannot be read. Worker threads call it too. */
export function cpuMsOf(pid: number, procRoot = '/proc'): number {
  return ((readStat(procRoot, pid)?.ownTicks ?? 0) * 1000) / CLOCK_TICKS_PER_SECOND;
}

/**
 * Memory that belongs to this process alone. The resident size would count what Chromium's processes share once for
 * each.
 */
export function readAnonBytes(procRoot: string, pid: number): number | null {
  const kib = findNumber(readText(join(procRoot, `${pid}/status`)) ?? '', 'RssAnon:');
  return kib === null ? null : kib * 1024;
}

/**
 * The value of Chromium's `--type=`. Arguments end in NUL, or in a space when a forked process has written its own
 * title.
 */
export function readTypeFlag(procRoot: string, pid: number): string | null {
  const text = readText(join(procRoot, `${pid}/cmdline`)) ?? '';
  return /(?:^|[\0 ])--type=([a-z-]+)/.exec(text)?.[1] ?? null;
}
