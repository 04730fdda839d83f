/**
 * What a process tree costs: CPU time of a program with all its browsers' processes, those that have ended included,
 * and the memory of those that live. Read from /proc, in 10 ms ticks a process; CPU time of all from the kernel's book
 * of a cgroup, where one may be made.
 *
 * The root is the program itself, so its own work counts too. Processes of Chromium are its descendants.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { CLOCK_TICKS_PER_SECOND, readStat, readTypeFlag } from '../../../src/host/process-files.js';
import { openProcessWatch } from '../../../src/host/processes.js';
import { findNumber, readNumericNames, readText } from '../../../src/host/virtual-files.js';
import { openAccount } from './account.js';

const SETTLE_POLL_MS = 100;
const SETTLE_POLLS_MAX = 30;
/** A tree that uses less in a poll is at rest: the timers of an idle server take a few ms. */
const REST_MS = 20;
const PROC = '/proc';

/** Processes that live as long as the browser. A renderer goes with its page. */
export const LASTING = ['program', 'browser', 'gpu-process', 'utility'] as const;
export type Lasting = Readonly<Record<(typeof LASTING)[number], number>>;

export const PROCESSES = ['program', 'browser', 'gpu-process', 'utility', 'zygote', 'renderer', 'other'] as const;
/** Bytes of proportional set size: what is shared counts once, split among those who share it. */
export type Memory = Readonly<Record<(typeof PROCESSES)[number], number>>;

export function sumOf(memory: Memory): number {
  return PROCESSES.reduce((sum, name) => sum + memory[name], 0);
}

export interface Tree {
  /**
   * CPU ms, user and system, since the root began. Read once the tree is at rest, because disposal follows an answer.
   */
  settledCpuMs(): Promise<number>;
  /** CPU ms of the processes that last, since they began. */
  lastingCpuMs(): Lasting;
  /** Of all processes alive. */
  memory(): Memory;
  /** Resident memory of the root process alone. */
  rootRssBytes(): number;
  /** CPU ms of the root process alone, of threads that live. To the microsecond, where the kernel tells it. */
  rootCpuMs(): number;
  /** CPU ms of one of its threads; main's number is the process's. */
  threadCpuMs(thread: number): number;
  /** Whether `settledCpuMs` has all that ended; without an account, those are missing whose parent ended first. */
  readonly isWhole: boolean;
  /** Closes its account, once its processes have ended. */
  close(): Promise<void>;
}

export function watchTree(root: number, { hasAccount = false } = {}): Tree {
  const watch = openProcessWatch();
  const account = hasAccount ? openAccount(`headcount-bench-${root}`, () => descendants(root)) : null;
  const cpuMs = (): number => account?.cpuMs() ?? (watch.sample([root])[0]?.cpuSeconds ?? 0) * 1000;
  return {
    isWhole: account !== null,
    close: async () => await account?.close(),
    async settledCpuMs() {
      let last = cpuMs();
      for (let poll = 0; poll < SETTLE_POLLS_MAX; poll++) {
        await sleep(SETTLE_POLL_MS);
        const now = cpuMs();
        if (now - last < REST_MS) return now;
        last = now;
      }
      return last;
    },
    lastingCpuMs: () => lastingCpuMs(root),
    memory: () => memoryOf(root),
    rootRssBytes: () => kibOf(root, 'status', 'VmRSS:') * 1024,
    rootCpuMs() {
      const threads = readNumericNames(`${PROC}/${root}/task`) ?? [];
      return threads.reduce((sum, thread) => sum + threadCpuMs(`${PROC}/${root}/task/${thread}`), 0);
    },
    threadCpuMs: (thread) => threadCpuMs(`${PROC}/${root}/task/${thread}`),
  };
}

function lastingCpuMs(root: number): Lasting {
  const sums = { program: 0, browser: 0, 'gpu-process': 0, utility: 0 };
  for (const pid of descendants(root)) {
    const name = LASTING.find((lasting) => lasting === typeOf(pid, root));
    const { ownTicks = 0 } = readStat(PROC, pid) ?? {};
    if (name) sums[name] += (ownTicks * 1000) / CLOCK_TICKS_PER_SECOND;
  }
  return sums;
}

function memoryOf(root: number): Memory {
  const sums = { program: 0, browser: 0, 'gpu-process': 0, utility: 0, zygote: 0, renderer: 0, other: 0 };
  for (const pid of descendants(root)) {
    const name = PROCESSES.find((process) => process === typeOf(pid, root)) ?? 'other';
    sums[name] += kibOf(pid, 'smaps_rollup', 'Pss:') * 1024;
  }
  return sums;
}

/** As Chromium names it; its first process has no type. */
function typeOf(pid: number, root: number): string {
  return pid === root ? 'program' : (readTypeFlag(PROC, pid) ?? 'browser');
}

/** The root and all below it, parents before children. */
function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of readNumericNames(PROC) ?? []) {
    const parent = readStat(PROC, pid)?.parentPid;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [root];
  // The list grows while it is walked. A pid has one parent, so each comes once.
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function kibOf(pid: number, file: string, key: string): number {
  return findNumber(readText(`${PROC}/${pid}/${file}`) ?? '', key) ?? 0;
}

/** The scheduler's nanoseconds, because a tick of 10 ms would be more than what is measured. */
function threadCpuMs(folder: string): number {
  return Number((readText(`${folder}/schedstat`) ?? '0').split(' ')[0]) / 1e6;
}
