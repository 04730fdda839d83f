/**
 * Passes on what the pool tells of its threads: to the books, the log, the shards. Main thread.
 */
import type { Log } from '../log.js';
import type { PoolEvents } from '../pool/pool.js';
import type { WorkerExitReason } from '../protocol/names.js';
import type { Core } from './core.js';
import { createFontNotice } from './fonts.js';
import type { Shards } from './shards.js';
import { createTrouble } from './trouble.js';

export function poolEvents(of: {
  readonly core: Core;
  readonly log: Log;
  readonly workers: number;
  /** Called only once the shards exist. */
  readonly shards: () => Shards;
  readonly onChange: () => void;
}): PoolEvents {
  const { core, log, shards } = of;
  const trouble = createTrouble(log);
  const ready = new Set<number>();
  const counted = (reason: WorkerExitReason): void =>
    core.record(core.cellOf('headcount_worker_restarts_total', reason), 1);
  return {
    onThreadReady(shard) {
      ready.add(shard);
      if (ready.size === of.workers) trouble.over('threads', {}, 'all worker threads work again');
      shards().threadReady(shard);
    },
    onThreadLost(shard, reason, message, stack) {
      ready.delete(shard);
      log.warn({ worker: shard, reason, message, ...(stack ? { stack } : {}) }, 'worker thread died');
      counted(reason);
      shards().threadLost(shard);
    },
    onThreadFailed(message) {
      trouble.begins('threads', { message }, 'a worker thread cannot be started; it is tried on');
      counted('pool_rebuilt');
      shards().threadFailed();
    },
    onChange: of.onChange,
    onFonts: createFontNotice(log),
    onBrowserLost: (shard, generation) => shards().browserLost(shard, generation),
    onBrowserUnusable(shard, generation, reason) {
      log.warn({ worker: shard, reason }, 'a browser does not work any more and is ended');
      shards().useless(shard, generation, reason);
    },
  };
}
