/**
 * Whether the kernel has lately ended a process of this cgroup for want of memory. It tells a browser that ran out of
 * memory from one that somebody killed. In: cgroup v2's memory.events or v1's memory.oom_control, on a timer and
 * whenever a browser has gone. Main thread.
 */
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { type CgroupFolders, openCgroupFolders } from './cgroup-folders.js';
import { findNumber, readText } from './virtual-files.js';

/** When a browser's end is seen later than this after the kernel's count moved, it ended for another reason. */
const LATELY_MS = 5_000;
const KEY = 'oom_kill';

interface OomKills {
  sample(): void;
  /** Takes a sample as well. False where no cgroup tells. */
  haveHappenedLately(): boolean;
}

/** `sysRoot`: the folder that holds `proc` and `sys/fs/cgroup`. */
export function watchOomKills({
  clock,
  sysRoot = '/',
}: {
  readonly clock: Clock;
  readonly sysRoot?: string;
}): OomKills {
  const readFolders = openCgroupFolders(sysRoot);
  let count = readCount(readFolders());
  let movedAtMs = Number.NEGATIVE_INFINITY;
  const sample = (): void => {
    const now = readCount(readFolders());
    if (now !== null && count !== null && now > count) movedAtMs = clock.monotonicMs();
    count = now ?? count;
  };
  return {
    sample,
    haveHappenedLately() {
      sample();
      return clock.monotonicMs() - movedAtMs <= LATELY_MS;
    },
  };
}

/** The count of its own cgroup, or of the nearest one above it that counts. */
function readCount({ unified, legacy }: CgroupFolders): number | null {
  const files = [
    ...unified().map((folder) => join(folder, 'memory.events')),
    ...legacy('memory').map((folder) => join(folder, 'memory.oom_control')),
  ];
  for (const file of files) {
    const count = findNumber(readText(file) ?? '', KEY);
    if (count !== null) return count;
  }
  return null;
}
