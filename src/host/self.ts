/**
 * The server process about itself: the `process_` and `nodejs_` families. prom-client's own set is not used: its names
 * fail the official check, it counts a fraction of the garbage collections, and its lag has a floor. Main thread.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { constants, type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks';
import type { Record as RecordDelta, SlotOf } from '../metrics/delta.js';
import type { Collect } from '../metrics/snapshot.js';

export const GC_KINDS = ['minor', 'major', 'incremental', 'weakcb'] as const;

export function collectProcess(slotOf: SlotOf): Collect {
  const cpu = slotOf('process_cpu_seconds_total');
  const resident = slotOf('process_resident_memory_bytes');
  const start = slotOf('process_start_time_seconds');
  const open = slotOf('process_open_fds');
  const max = slotOf('process_max_fds');
  const startedAtMs = performance.timeOrigin;
  const [, limit = '0'] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return (set) => {
    const { user, system } = process.cpuUsage();
    set(cpu, (user + system) / 1_000);
    set(resident, process.memoryUsage.rss());
    set(start, startedAtMs);
    set(open, readdirSync('/proc/self/fd').length);
    set(max, Number(limit));
  };
}

export function collectNodejs(slotOf: SlotOf): Collect {
  const used = slotOf('nodejs_heap_used_bytes');
  const size = slotOf('nodejs_heap_size_bytes');
  const external = slotOf('nodejs_external_memory_bytes');
  const active = slotOf('nodejs_eventloop_active_seconds_total');
  const idle = slotOf('nodejs_eventloop_idle_seconds_total');
  return (set) => {
    const memory = process.memoryUsage();
    const utilization = performance.eventLoopUtilization();
    set(used, memory.heapUsed);
    set(size, memory.heapTotal);
    set(external, memory.external);
    set(active, utilization.active);
    set(idle, utilization.idle);
  };
}

/** Counts every collection, not the first of each batch that the observer is handed. Returns how to stop. */
export function watchGarbageCollections(record: RecordDelta, slotOf: SlotOf): () => void {
  const slots = new Map<number, number>([
    [constants.NODE_PERFORMANCE_GC_MINOR, slotOf('nodejs_gc_duration_seconds', 'minor')],
    [constants.NODE_PERFORMANCE_GC_MAJOR, slotOf('nodejs_gc_duration_seconds', 'major')],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, slotOf('nodejs_gc_duration_seconds', 'incremental')],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, slotOf('nodejs_gc_duration_seconds', 'weakcb')],
  ]);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as PerformanceEntry & { detail?: { kind?: number } };
      const slot = slots.get(detail?.kind ?? -1);
      if (slot !== undefined) record(slot, entry.duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}
