/**
 * What a thread holds once all garbage has been collected: its live heap, its handles, its listeners. Only tests and
 * benches ask, and only a server that was started for them answers. Any thread, about itself.
 */
import { setImmediate as nextTask } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { collectGarbage } from './garbage.js';

interface Census {
  /** JavaScript heap after a collection. */
  readonly heapUsedBytes: number;
  /** Timers, sockets, pipes, ports and requests that are under way. */
  readonly handles: number;
  /** On this thread's `process`. */
  readonly listeners: number;
}

/** What one collection frees may have held more: weak references and finalizers need a turn of the loop. */
const COLLECTIONS = 4;

export async function takeCensus(): Promise<Census> {
  for (let i = 0; i < COLLECTIONS; i++) {
    collectGarbage();
    await nextTask();
  }
  return {
    heapUsedBytes: getHeapStatistics().used_heap_size,
    handles: process.getActiveResourcesInfo().length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  };
}
