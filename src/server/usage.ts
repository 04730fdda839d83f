/**
 * What the machine and the browsers use, sampled on timers of our own, so that scraping never changes what is measured.
 * Main thread.
 */
import type { Clock } from '../clock.js';
import { openResourceReader } from '../host/cgroup.js';
import { openProcessWatch, PROCESS_TYPES } from '../host/processes.js';
import type { CellOf, RecordDelta } from '../metrics/delta.js';

interface UsageOptions {
  readonly clock: Clock;
  readonly record: RecordDelta;
  readonly cellOf: CellOf;
}

/** CPU and memory of the machine or container. `last` gives the ratios as last sampled. */
export function createUsage({ clock, record, cellOf }: UsageOptions) {
  const reader = openResourceReader({ clock });
  const cpuCell = cellOf('headcount_cpu_ratio');
  const memoryCell = cellOf('headcount_memory_ratio');
  const last = { cpu: 0, memory: reader.memoryRatio() ?? 0 };
  // A ratio of CPU is of the time between two readings: this is the first.
  reader.cpuRatio();
  return {
    last: (): { readonly cpu: number; readonly memory: number } => last,
    sample(): void {
      last.cpu = reader.cpuRatio() ?? last.cpu;
      last.memory = reader.memoryRatio() ?? last.memory;
      record(cpuCell, last.cpu);
      record(memoryCell, last.memory);
    },
  };
}

/** The Chromium processes of the shards. The returned function samples them: `pids` are the roots, by shard. */
export function createProcessUsage(
  { record, cellOf }: Omit<UsageOptions, 'clock'>,
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
