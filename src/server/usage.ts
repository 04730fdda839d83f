/**
 * What the machine and the browsers use, sampled on timers of our own, so that scraping never changes what is measured.
 * Main thread.
 */
import type { Clock } from '../clock.js';
import { openResourceReader } from '../host/cgroup.js';
import { openProcessWatch, PROCESS_TYPES, type ProcessWatch } from '../host/processes.js';
import type { CellOf, RecordDelta } from '../metrics/delta.js';

export interface UsageOptions {
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

/**
 * The Chromium processes of the shards. The returned function samples them: `roots` are the pids of all browsers alive,
 * by shard.
 */
export function createProcessUsage(
  { record, cellOf }: Omit<UsageOptions, 'clock'>,
  workers: number,
  watch: ProcessWatch = openProcessWatch(),
): (roots: readonly (readonly number[])[]) => void {
  const types = PROCESS_TYPES.map((type) => ({ type, cell: cellOf('headcount_chromium_processes', type) }));
  const shards = Array.from({ length: workers }, (_, index) => ({
    memory: cellOf('headcount_chromium_memory_bytes', String(index)),
    cpu: cellOf('headcount_chromium_cpu_seconds_total', String(index)),
  }));
  /** What has been counted of each browser alive: another one counts from its own birth. */
  const countedSeconds = new Map<number, number>();
  return (roots) => {
    const pids = roots.flat();
    for (const pid of countedSeconds.keys()) {
      if (pids.includes(pid)) continue;
      watch.forget(pid);
      countedSeconds.delete(pid);
    }
    const samples = watch.sample(pids).map((sample, i) => ({ ...sample, pid: pids[i] ?? 0 }));
    // What was last known stands until more is.
    if (samples.length < pids.length) return;
    for (const { type, cell } of types) record(cell, sum(samples.map(({ counts }) => counts[type])));
    for (const [index, { memory, cpu }] of shards.entries()) {
      const own = samples.filter(({ pid }) => roots[index]?.includes(pid));
      record(memory, sum(own.map(({ anonBytes }) => anonBytes)));
      for (const { pid, cpuSeconds } of own) {
        const counted = countedSeconds.get(pid) ?? 0;
        record(cpu, Math.max(0, cpuSeconds - counted) * 1_000);
        countedSeconds.set(pid, Math.max(counted, cpuSeconds));
      }
    }
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
