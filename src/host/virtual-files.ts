/**
 * Small text files that the kernel makes up as they are read (/proc, /sys/fs/cgroup), in; numbers, out. Main thread,
 * synchronous on purpose: no disk is behind them, and a promise for each costs main more than the read itself.
 * Whatever cannot be read is null: files and whole processes come and go between two reads.
 */

import { readdirSync, readFileSync } from 'node:fs';

export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** A file that holds one integer and nothing else. */
export function readInteger(path: string): number | null {
  const text = readText(path)?.trim();
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}

/** The names in a folder that are numbers (in /proc: the processes), in the kernel's order. */
export function readNumericNames(folder: string): number[] | null {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return null;
  }
  const numbers: number[] = [];
  for (const name of names) {
    if (/^\d+$/.test(name)) numbers.push(Number(name));
  }
  return numbers;
}

/**
 * The number after `key` in text of one `key number` a line, as memory.stat and /proc/meminfo are; for the latter the
 * key includes its colon. `key` is a literal of ours. A unit that follows is the caller's to know.
 */
export function findNumber(text: string, key: string): number | null {
  const digits = new RegExp(`^${key}\\s+(\\d+)`, 'm').exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
