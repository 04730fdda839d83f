/**
 * What the machine and the browsers use, sampled on timers of our own, so that scraping never changes what is measured.
 * Main thread.
 */
import type { Clock } from '../clock.js';
import { openResourceReader } from '../host/cgroup.js';
import { openProcessWatch, PROCESS_TYPES } from '../host/processes.js';
import type { CellOf, RecordDelta } from '../metrics/delta.js';
import { createOverload } from './overload.js';

export interface UsageOptions {
  readonly record: RecordDelta;
  readonly cellOf: CellOf;
}

/** What is in use of CPU and memory. */
export interface Usage {
  /** Ratios as last sampled. */
  readonly cpu: number;
  readonly memory: number;
  /** Whether they have been over their limits for some seconds. */
  readonly isCpuOver: boolean;
  readonly isMemoryOver: boolean;
}

export interface UsageLimits {
  readonly maxCpuPercent: number;
  readonly maxMemoryPercent: number;
}

/** CPU and memory of the machine or container. */
export function createUsage(clock: Clock, { maxCpuPercent, maxMemoryPercent }: UsageLimits, options: UsageOptions) {
  const { record, cellOf } = options;
  const reader = openResourceReader({ clock });
  const cpuLoad = createOverload({ clock, limitPercent: maxCpuPercent });
  const memoryLoad = createOverload({ clock, limitPercent: maxMemoryPercent });
  const cpuCell = cellOf('headcount_cpu_ratio');
  const memoryCell = cellOf('headcount_memory_ratio');
  const last = { cpu: 0, memory: reader.memoryRatio() ?? 0 };
  // A ratio of CPU is of the time between two readings: this is the first.
  reader.cpuRatio();
  return {
    last: (): Usage => ({ ...last, isCpuOver: cpuLoad.isOver(), isMemoryOver: memoryLoad.isOver() }),
    sample(): void {
      const [cpu, memory] = [reader.cpuRatio(), reader.memoryRatio()];
      cpuLoad.sample(cpu);
      memoryLoad.sample(memory);
      last.cpu = cpu ?? last.cpu;
      last.memory = memory ?? last.memory;
      record(cpuCell, last.cpu);
      record(memoryCell, last.memory);
    },
  };
}

/** The Chromium processes of the shards. The returned function samples them: `pids` are the roots, by shard. */
export function createProcessUsage(
  { record, cellOf }: UsageOptions,
  workers: number,
): (pids: readonly (number | null)[]) => void {
  const watch = openProcessWatch();
  const types = PROCESS_TYPES.map((type) => ({ type, cell: cellOf('headcount_chromium_processes', type) }));
  const shards = Array.from({ length: workers }, (_, index) => ({
    memory: cellOf('headcount_chromium_memory_bytes', String(index)),
    cpu: cellOf('headcount_chromium_cpu_seconds_total', String(index)),
    pid: 0,
    cpuSeconds: 0,
  }));
  return (pids) => {
    for (const [index, shard] of shards.entries()) {
      const pid = pids[index] ?? 0;
      if (pid === shard.pid) continue;
      // Another browser counts from its own birth; what the one before had used has been counted.
      if (shard.pid !== 0) watch.forget(shard.pid);
      shard.pid = pid;
      shard.cpuSeconds = 0;
    }
    const alive = shards.filter(({ pid }) => pid !== 0);
    const samples = watch.sample(alive.map(({ pid }) => pid));
    // What was last known stands until more is.
    if (samples.length < alive.length) return;
    for (const { type, cell } of types)
      record(
        cell,
        samples.reduce((sum, { counts }) => sum + counts[type], 0),
      );
    for (const shard of shards) if (shard.pid === 0) record(shard.memory, 0);
    for (const [i, shard] of alive.entries()) {
      const sample = samples[i];
      if (!sample) continue;
      record(shard.memory, sample.anonBytes);
      record(shard.cpu, Math.max(0, sample.cpuSeconds - shard.cpuSeconds) * 1_000);
      shard.cpuSeconds = Math.max(shard.cpuSeconds, sample.cpuSeconds);
    }
  };
}
