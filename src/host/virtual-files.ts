/**
 * Small text files that the kernel makes up as they are read (/proc, /sys/fs/cgroup). In: paths; out: numbers. Main
 * thread. Synchronous on purpose: no disk is behind these files, and a promise costs main more than the read. What
 * cannot be read is null, because files and processes come and go between two reads.
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
 * The number after `key`, in text with one `key number` on each line, such as memory.stat and /proc/meminfo. For the
 * latter the key includes its colon. `key` is a literal of ours. Callers know the unit.
 */
export function findNumber(text: string, key: string): number | null {
  const digits = new RegExp(`^${key}\\s+(\\d+)`, 'm').exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
