/**
 * Tests that not every machine can run. `needs(test, { root: true })` adds them to the suite where they can run.
 * Elsewhere it tells the runner, which names them and counts them as nothing.
 */

import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Test } from 'uvu';
import { leaveOut } from '../counted-uvu.js';

export interface Needs {
  readonly root?: boolean;
  /** Programs on the path. */
  readonly tools?: readonly string[];
  /** Absolute paths. */
  readonly files?: readonly string[];
}

export interface Machine {
  /** Of the user; undefined on systems without user ids. */
  readonly uid: number | undefined;
  /** As in the environment. */
  readonly path: string;
}

type AddTest<T> = (name: string, callback: Parameters<Test<T>>[1]) => void;

/** Adds tests as `test` itself does, when this machine has all that is wanted. */
export function needs<T>(test: Test<T>, wanted: Needs): AddTest<T> {
  const lacking = lackingOf(wanted, { uid: process.getuid?.(), path: process.env['PATH'] ?? '' });
  if (lacking.length === 0) return test;
  return (name) => leaveOut(test, name, `needs ${lacking.join(', ')}`);
}

/** What `machine` lacks of it. */
export function lackingOf({ root = false, tools = [], files = [] }: Needs, { uid, path }: Machine): string[] {
  return [
    ...(root && uid !== 0 ? ['root'] : []),
    ...tools.filter((tool) => !path.split(delimiter).some((folder) => isProgram(join(folder, tool)))),
    ...files.filter((file) => !existsSync(file)),
  ];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
