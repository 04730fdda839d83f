/**
 * The server process about itself: the families `process_` and `nodejs_`. Main thread. prom-client's own set is not
 * used: its names fail the official check, it counts a fraction of garbage collections, and its lag has a floor.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { constants, type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { CellOf, RecordDelta } from '../metrics/delta.js';
import type { Collect } from '../metrics/snapshot.js';
import { findNumber } from './virtual-files.js';

const OWN_FILE_BYTES_MAX = 8_192;

export const GC_KINDS = ['minor', 'major', 'incremental', 'weakcb'] as const;

export interface OwnFiles {
  residentBytes(): number;
  descriptorsMax(): number;
  close(): void;
}

/**
 * The kernel's files about this process. They are kept open, because no descriptor may be left when they are read.
 * Without /proc, as in some chroots, reading them throws, and the metrics go without these figures.
 */
export function openOwnFiles(folder = '/proc/self'): OwnFiles {
  const descriptors: number[] = [];
  const open = (name: string): (() => string) => {
    let descriptor: number;
    try {
      descriptor = openSync(join(folder, name), 'r');
    } catch (error) {
      return () => {
        throw error;
      };
    }
    descriptors.push(descriptor);
    const buffer = Buffer.alloc(OWN_FILE_BYTES_MAX);
    return () => buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.length, 0));
  };
  const status = open('status');
  const limits = open('limits');
  return {
    residentBytes: () => (findNumber(status(), 'VmRSS:') ?? 0) * 1_024,
    descriptorsMax: () => findNumber(limits(), 'Max open files') ?? 0,
    close() {
      for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
    },
  };
}

export function collectProcess(cellOf: CellOf, files: OwnFiles): Collect {
  const cpu = cellOf('process_cpu_seconds_total');
  const resident = cellOf('process_resident_memory_bytes');
  const start = cellOf('process_start_time_seconds');
  const open = cellOf('process_open_fds');
  const max = cellOf('process_max_fds');
  const startedAtMs = performance.timeOrigin;
  return (set) => {
    const { user, system } = process.cpuUsage();
    const descriptorsMax = files.descriptorsMax();
    set(cpu, (user + system) / 1_000);
    // `process.memoryUsage()` would open a file, and throw when no descriptor is left.
    set(resident, files.residentBytes());
    set(start, startedAtMs);
    set(open, countDescriptors(descriptorsMax));
    set(max, descriptorsMax);
  };
}

/** Counting takes a descriptor itself, so not to get one is an answer too: all are in use. */
function countDescriptors(max: number): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EMFILE') return max;
    throw error;
  }
}

export function collectNodejs(cellOf: CellOf): Collect {
  const used = cellOf('nodejs_heap_used_bytes');
  const size = cellOf('nodejs_heap_size_bytes');
  const external = cellOf('nodejs_external_memory_bytes');
  const active = cellOf('nodejs_eventloop_active_seconds_total');
  const idle = cellOf('nodejs_eventloop_idle_seconds_total');
  return (set) => {
    const memory = getHeapStatistics();
    const utilization = performance.eventLoopUtilization();
    set(used, memory.used_heap_size);
    set(size, memory.total_heap_size);
    set(external, memory.external_memory);
    set(active, utilization.active);
    set(idle, utilization.idle);
  };
}

/**
 * Counts every collection: the observer is handed them in batches, and others count only the first of each. Returns how
 * to stop.
 */
export function watchGarbageCollections(record: RecordDelta, cellOf: CellOf): () => void {
  const cells = new Map<number, number>([
    [constants.NODE_PERFORMANCE_GC_MINOR, cellOf('nodejs_gc_duration_seconds', 'minor')],
    [constants.NODE_PERFORMANCE_GC_MAJOR, cellOf('nodejs_gc_duration_seconds', 'major')],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, cellOf('nodejs_gc_duration_seconds', 'incremental')],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, cellOf('nodejs_gc_duration_seconds', 'weakcb')],
  ]);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as PerformanceEntry & { detail?: { kind?: number } };
      const cell = cells.get(detail?.kind ?? -1);
      if (cell !== undefined) record(cell, entry.duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}
