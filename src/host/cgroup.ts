/**
 * How many CPUs this machine or container has, and how much of them and of its memory it uses. In: /proc and
 * /sys/fs/cgroup; out: CPUs, ratios 0..1. Main thread; called at the start or on somebody else's timer, never in a
 * scrape. Each call reads everything anew, limits too, because they can change while a container runs. cgroup v2 comes
 * first, then v1, then the host.
 */

import { join, relative } from 'node:path';
import type { Clock } from '../clock.js';
import { type CgroupFolders, openCgroupFolders } from './cgroup-folders.js';
import { readHostCpu, readHostMemory } from './host-usage.js';
import { findNumber, readInteger, readText } from './virtual-files.js';

/** Stands in for the host's total when that cannot be read: v1 says "no limit" by a number just under 2^63. */
const UNLIMITED_MIN_BYTES = 2 ** 62;

/** Memory and CPU are looked up apart, because one may be limited and the other not. */
export interface ResourceReader {
  /** Memory in use over the limit that applies, 0..1; null when it cannot be read. */
  memoryRatio(): number | null;
  /**
   * CPU used since the previous call over the CPUs that apply, 0..1. null on the first call, when it cannot be read,
   * and when no time has passed. Also when other CPUs or limits apply than at the previous call.
   */
  cpuRatio(): number | null;
}

interface ResourceReaderOptions {
  readonly clock: Clock;
  /** The folder that holds `proc` and `sys/fs/cgroup`. */
  readonly sysRoot?: string;
}

export function openResourceReader({ clock, sysRoot = '/' }: ResourceReaderOptions): ResourceReader {
  const readFolders = openCgroupFolders(sysRoot);
  let previous: CpuTimes | null = null;
  return {
    memoryRatio() {
      const { usedBytes, limitBytes } = readMemory(sysRoot, readFolders());
      return usedBytes === null || limitBytes === null ? null : ratioOf(usedBytes, limitBytes);
    },
    cpuRatio() {
      const times = readCpu(sysRoot, readFolders(), clock);
      if (times === null) return null;
      const before = previous;
      if (before === null || !isContinued(before, times)) {
        previous = times;
        return null;
      }
      // Two calls came within one tick. The earlier times are kept, so the next ratio covers both spans.
      if (times.offered === before.offered) return null;
      previous = times;
      return ratioOf(times.used - before.used, times.offered - before.offered);
    },
  };
}

/** How many CPUs this process may use at present. With a quota it may be a fraction, such as 1.5. */
export function readCpuCount(sysRoot = '/'): number {
  const { cpuCount } = readHostCpu(sysRoot);
  return Math.min(tightestQuota(openCgroupFolders(sysRoot)())?.limit ?? cpuCount, cpuCount);
}

interface CgroupLimit {
  readonly source: 'cgroup2' | 'cgroup1';
  readonly folder: string;
  readonly mount: string;
  /** Bytes, or CPUs. */
  readonly limit: number;
}

/**
 * The smallest limit from its own cgroup up to the root. Of equal limits the outermost: its usage includes the others',
 * so it is reached first.
 */
function findTightest(
  source: CgroupLimit['source'],
  folders: readonly string[],
  readLimit: (folder: string) => number | null,
): CgroupLimit | null {
  let tightest: CgroupLimit | null = null;
  for (const folder of folders) {
    const limit = readLimit(folder);
    if (limit === null || (tightest !== null && limit > tightest.limit)) continue;
    tightest = { source, folder, mount: folders.at(-1) ?? folder, limit };
  }
  return tightest;
}

const MEMORY_FILES = {
  cgroup2: { limit: 'memory.max', usage: 'memory.current', reclaimable: 'inactive_file' },
  cgroup1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', reclaimable: 'total_inactive_file' },
} as const;

interface MemoryReading {
  readonly usedBytes: number | null;
  readonly limitBytes: number | null;
}

// For no limit, v2 says `max` and v1 a number just under 2^63. Both lose against the host's total.
function readMemory(sysRoot: string, { unified, legacy }: CgroupFolders): MemoryReading {
  const host = readHostMemory(sysRoot);
  const tightest =
    findTightest('cgroup2', unified(), (folder) => readInteger(join(folder, MEMORY_FILES.cgroup2.limit))) ??
    findTightest('cgroup1', legacy('memory'), (folder) => readInteger(join(folder, MEMORY_FILES.cgroup1.limit)));
  if (tightest === null || tightest.limit >= (host?.totalBytes ?? UNLIMITED_MIN_BYTES)) {
    return { usedBytes: host?.usedBytes ?? null, limitBytes: host?.totalBytes ?? null };
  }
  const files = MEMORY_FILES[tightest.source];
  const usageBytes = readInteger(join(tightest.folder, files.usage));
  // The kernel gives back file pages that were not used lately before it kills anything. Container tools do not count
  // them either.
  const reclaimableBytes = findNumber(readText(join(tightest.folder, 'memory.stat')) ?? '', files.reclaimable) ?? 0;
  const usedBytes = usageBytes === null ? null : Math.max(usageBytes - reclaimableBytes, 0);
  return { usedBytes, limitBytes: tightest.limit };
}

/** Cumulative. Only two of the same counter can be compared. */
interface CpuTimes {
  readonly counter: string;
  readonly used: number;
  /** CPU time that the CPUs that apply had to give, in the unit of `used`. */
  readonly offered: number;
}

// Without a quota, the neighbours' use counts too, because nobody else can have what they take. So it is with the
// host's memory.
function readCpu(sysRoot: string, folders: CgroupFolders, clock: Clock): CpuTimes | null {
  const host = readHostCpu(sysRoot);
  const tightest = tightestQuota(folders);
  if (tightest === null) {
    return host.ticks && { counter: host.cpus, used: host.ticks.busy, offered: host.ticks.total };
  }
  const cpuCount = Math.min(tightest.limit, host.cpuCount);
  const usedUs = tightest.source === 'cgroup2' ? readUsageUs2(tightest.folder) : readUsageUs1(folders, tightest);
  if (usedUs === null) return null;
  const offered = clock.monotonicMs() * 1000 * cpuCount;
  return { counter: `${tightest.folder} ${cpuCount}`, used: usedUs, offered };
}

function tightestQuota({ unified, legacy }: CgroupFolders): CgroupLimit | null {
  return findTightest('cgroup2', unified(), readQuota2) ?? findTightest('cgroup1', legacy('cpu'), readQuota1);
}

/** `max 100000` or `150000 100000`: quota and period in µs. */
function readQuota2(folder: string): number | null {
  const [quota, period] = (readText(join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number);
  return cpusOf(quota, period);
}

function readQuota1(folder: string): number | null {
  return cpusOf(readInteger(join(folder, 'cpu.cfs_quota_us')), readInteger(join(folder, 'cpu.cfs_period_us')));
}

/** null when there is no quota: `max` is no number, and v1 says -1. */
function cpusOf(quotaUs: number | null | undefined, periodUs: number | null | undefined): number | null {
  const cpus = (quotaUs ?? Number.NaN) / (periodUs ?? Number.NaN);
  return cpus > 0 && Number.isFinite(cpus) ? cpus : null;
}

function readUsageUs2(folder: string): number | null {
  return findNumber(readText(join(folder, 'cpu.stat')) ?? '', 'usage_usec');
}

/** The counter is beside the quota when cpu and cpuacct are one hierarchy. Else it is at the same path in the other. */
function readUsageUs1({ legacy }: CgroupFolders, { folder, mount }: CgroupLimit): number | null {
  const accountingMount = legacy('cpuacct').at(-1) ?? mount;
  const usedNs =
    readInteger(join(folder, 'cpuacct.usage')) ??
    readInteger(join(accountingMount, relative(mount, folder), 'cpuacct.usage'));
  return usedNs === null ? null : usedNs / 1000;
}

function isContinued(before: CpuTimes, after: CpuTimes): boolean {
  return before.counter === after.counter && before.used <= after.used && before.offered <= after.offered;
}

/** Usage may pass its limit for a moment, by bursts or pages that are charged late; a ratio must not. */
function ratioOf(used: number, limit: number): number | null {
  return limit > 0 ? Math.min(Math.max(used / limit, 0), 1) : null;
}
