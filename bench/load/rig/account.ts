/**
 * CPU time of a process tree by the kernel's own book: a cgroup that its processes are moved into and theirs are born
 * in. A tree that is walked loses what a process used whose parent ended first, and a browser that is closed ends
 * before its zygotes do: of a browser for each session that was half.
 */

import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCgroupFolders } from '../../../src/host/cgroup-folders.js';

const PASSES_MAX = 100;
const REMOVE_ATTEMPTS = 20;
const REMOVE_EVERY_MS = 100;

export interface Account {
  /** Since it was opened. */
  cpuMs(): number;
  /** Never rejects; the group stays when its processes do not end. */
  close(): Promise<void>;
}

interface Book {
  readonly folder: string | undefined;
  readonly readMs: (group: string) => number;
}

/**
 * Null where no cgroup may be made, as without root. What `pids` lists is moved in, and what they start later is born
 * there.
 */
export function openAccount(name: string, pids: () => readonly number[]): Account | null {
  for (const { folder, readMs } of books()) {
    if (folder === undefined) continue;
    const group = join(folder, name);
    try {
      mkdirSync(group, { recursive: true });
      moveAll(pids, group);
      const beforeMs = readMs(group);
      return {
        cpuMs: () => readMs(group) - beforeMs,
        close: () => remove(group),
      };
    } catch {
      void remove(group);
    }
  }
  return null;
}

function books(): Book[] {
  const { legacy, unified } = openCgroupFolders('/')();
  const numberIn = (text: string): number => Number(/\d+/.exec(text)?.[0] ?? Number.NaN);
  return [
    {
      folder: legacy('cpuacct')[0],
      readMs: (group) => numberIn(readFileSync(join(group, 'cpuacct.usage'), 'utf8')) / 1e6,
    },
    {
      folder: unified()[0],
      // `usage_usec` is its first line.
      readMs: (group) => numberIn(readFileSync(join(group, 'cpu.stat'), 'utf8')) / 1e3,
    },
  ];
}

/** A process that is born while its parent is moved is outside still, so it is looked for until none is. */
function moveAll(pids: () => readonly number[], group: string): void {
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const inside = new Set(readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').map(Number));
    const outside = pids().filter((pid) => !inside.has(pid));
    if (outside.length === 0) return;
    for (const pid of outside) move(pid, group);
  }
}

function move(pid: number, group: string): void {
  try {
    writeFileSync(join(group, 'cgroup.procs'), String(pid));
  } catch (error) {
    // It may have ended meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Chromium's last processes end some time after their first. */
async function remove(group: string): Promise<void> {
  for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
    try {
      return rmdirSync(group);
    } catch {
      await sleep(REMOVE_EVERY_MS);
    }
  }
}
