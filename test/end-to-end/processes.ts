/**
 * The machine's processes, for tests that look for what a browser leaves behind.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../deadline.js';

const STOP_MS = 15_000;

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** A letter. `Z`: it has ended, and its parent has not asked how. */
  readonly state: string;
  readonly group: number;
}

export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // The name is in parentheses and may hold anything.
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [{ pid: Number(name), parent: Number(parent), state, group: Number(group) }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

/** Processes of these groups that have not ended. A browser leads a group, and all that it starts is in it. */
export function aliveInGroups(groups: readonly number[]): Process[] {
  return processes().filter(({ group, state }) => groups.includes(group) && state !== 'Z');
}

/** Freezes these groups. Resolves with the pids of all that stand, once whatever was ending has ended. */
export async function stopGroups(groups: readonly number[]): Promise<number[]> {
  signalAll(
    groups.map((group) => -group),
    'SIGSTOP',
  );
  const alive = () => aliveInGroups(groups);
  await until(() => alive().every(({ state }) => state === 'T'), STOP_MS, 'the processes to stand');
  return alive().map(({ pid }) => pid);
}

/** Signals processes that may end meanwhile: a zygote takes those below it along. Returns how many were there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): number {
  return pids.filter((pid) => {
    try {
      return process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw error;
    }
  }).length;
}
