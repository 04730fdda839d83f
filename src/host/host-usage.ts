/**
 * What the whole machine uses, from /proc: meminfo, stat, and the CPUs that this process may run on. Main thread. Where
 * a container has its own /proc (LXCFS), these are already the container's figures.
 */

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { findNumber, readText } from './virtual-files.js';

interface HostMemory {
  readonly totalBytes: number;
  readonly usedBytes: number;
}

/** MemAvailable rather than MemFree, because the page cache can be given back. */
export function readHostMemory(sysRoot: string): HostMemory | null {
  const text = readText(join(sysRoot, 'proc/meminfo')) ?? '';
  const totalKib = findNumber(text, 'MemTotal:');
  const availableKib = findNumber(text, 'MemAvailable:');
  if (totalKib === null || availableKib === null) return null;
  return { totalBytes: totalKib * 1024, usedBytes: (totalKib - availableKib) * 1024 };
}

interface HostCpu {
  /** The CPUs that the sums are over. Sums over different CPUs cannot be compared. */
  readonly cpus: string;
  readonly cpuCount: number;
  /** Cumulative clock ticks of those CPUs; null when /proc/stat cannot be read. */
  readonly ticks: { readonly busy: number; readonly total: number } | null;
}

/**
 * The CPUs that this process may use, and how busy those are. With a cpuset and no quota, the others do not matter. The
 * kernel's list is used because newer versions of libuv round a quota into `availableParallelism()`.
 */
export function readHostCpu(sysRoot: string): HostCpu {
  const isAllowed = parseCpuList(
    /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText(join(sysRoot, 'proc/self/status')) ?? '')?.[1],
  );
  const names: string[] = [];
  let busy = 0;
  let total = 0;
  for (const line of (readText(join(sysRoot, 'proc/stat')) ?? '').split('\n')) {
    const match = /^cpu(\d+) +(.*)$/.exec(line);
    if (match === null || !isAllowed(Number(match[1]))) continue;
    // user nice system idle iowait irq softirq steal. Guest times come next, and are already part of user and nice.
    const ticks = (match[2] ?? '').split(' ', 8).map(Number);
    const allTicks = ticks.reduce((sum, value) => sum + value, 0);
    names.push(match[1] ?? '');
    total += allTicks;
    // Steal counts as busy: a neighbour has that time, so a session cannot have it.
    busy += allTicks - (ticks[3] ?? 0) - (ticks[4] ?? 0);
  }
  if (names.length === 0) return { cpus: '', cpuCount: availableParallelism(), ticks: null };
  return { cpus: names.join(), cpuCount: names.length, ticks: { busy, total } };
}

/** `0-3,7` as a predicate. Without a list every CPU is allowed. The list may name CPUs that do not exist. */
function parseCpuList(list: string | undefined): (cpu: number) => boolean {
  if (list === undefined) return () => true;
  const ranges = list.split(',').map((range) => {
    const [first, last] = range.split('-').map(Number);
    return { first: first ?? 0, last: last ?? first ?? 0 };
  });
  return (cpu) => ranges.some(({ first, last }) => cpu >= first && cpu <= last);
}
