/**
 * What the machine and the browsers use, sampled on our own timers, so that scraping never changes what is measured.
 * Main thread.
 */
import type { Clock } from '../clock.js';
import { openResourceReader } from '../host/cgroup.js';
import { openProcessWatch, PROCESS_TYPES, type ProcessWatch } from '../host/processes.js';
import type { CellOf, RecordDelta } from '../metrics/delta.js';
import { createOverload } from './overload.js';

export interface UsageOptions {
  readonly record: RecordDelta;
  readonly cellOf: CellOf;
}

/** How much CPU and memory is in use. */
export interface Usage {
  /** Ratios of the latest sample. */
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
  // A ratio of CPU covers the time between two readings; this is the first one.
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

/** Once so many samples in a row were taken at rest, one in as many is taken: little changes then. */
const SAMPLES_AT_REST = 5;

/**
 * The Chromium processes of the shards. The function that is returned samples them: `roots` are the pids of all
 * browsers alive, by shard. `isAtRest`: no session runs, so the sample may be left out unless a browser has come or
 * gone.
 */
export function createProcessUsage(
  { record, cellOf }: UsageOptions,
  workers: number,
  watch: ProcessWatch = openProcessWatch(),
): (roots: readonly (readonly number[])[], isAtRest: boolean) => void {
  const types = PROCESS_TYPES.map((type) => ({ type, cell: cellOf('headcount_chromium_processes', type) }));
  const shards = Array.from({ length: workers }, (_, index) => ({
    memory: cellOf('headcount_chromium_memory_bytes', String(index)),
    cpu: cellOf('headcount_chromium_cpu_seconds_total', String(index)),
  }));
  /** The seconds that were counted of each browser alive. A new browser counts from its own start. */
  const countedSeconds = new Map<number, number>();
  let looksAtRest = 0;
  let lastPids: readonly number[] = [];
  return (roots, isAtRest) => {
    const pids = roots.flat();
    const areSame = pids.length === lastPids.length && pids.every((pid) => lastPids.includes(pid));
    looksAtRest = isAtRest && areSame ? looksAtRest + 1 : 0;
    lastPids = pids;
    if (looksAtRest > SAMPLES_AT_REST && looksAtRest % SAMPLES_AT_REST !== 0) return;
    for (const pid of countedSeconds.keys()) {
      if (pids.includes(pid)) continue;
      watch.forget(pid);
      countedSeconds.delete(pid);
    }
    const samples = watch.sample(pids).map((sample, i) => ({ ...sample, pid: pids[i] ?? 0 }));
    // The last figures stay until there are new ones.
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
