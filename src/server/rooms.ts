/**
 * Everything behind the edge, built once and joined by functions. The rooms know each other only as the functions that
 * they are given here. Main thread.
 */
import { fileURLToPath } from 'node:url';
import { type Admission, createAdmission, type SettledSession } from '../admission/admission.js';
import { createBooks } from '../admission/books.js';
import { createRecent } from '../admission/recent.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/settings.js';
import { createEvents, type Events } from '../http/events.js';
import { PATHS, TEST_PATH } from '../http/paths.js';
import type { Log } from '../log.js';
import { createPool, type Pool, type PoolEvents } from '../pool/pool.js';
import { JOB_KINDS, type SessionKind, TEST_KIND, type WorkerExitReason } from '../protocol/names.js';
import type { HistoryFile } from '../store/history.js';
import type { Finder } from './chromium.js';
import { type Core, createCore } from './core.js';
import { labelDomains } from './domains.js';
import { createShards, type Shards } from './shards.js';
import { createStatus, type Status } from './status.js';
import type { TempFolder } from './temp.js';
import { createTrouble } from './trouble.js';
import { readVersions } from './versions.js';

export interface RoomsOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly workers: number;
  readonly isSandboxed: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly finder: Finder;
  readonly historyFile: HistoryFile | null;
  readonly temp: TempFolder;
}

export type Rooms = ReturnType<typeof buildRooms>;

export function buildRooms(options: RoomsOptions) {
  const { config, log, workers, clock, finder, temp } = options;
  const versions = readVersions(finder.version());
  const kinds: readonly SessionKind[] = config.testSessions ? [...JOB_KINDS, TEST_KIND] : JOB_KINDS;
  const paths = config.testSessions ? [...PATHS, TEST_PATH] : PATHS;
  const state = { isDraining: false, wasReady: false };
  const core = createCore({
    domains: labelDomains({ workers, kinds, routes: paths, versions }),
    workers,
    config,
    clock,
    log,
    versions,
    historyFile: options.historyFile,
    sources: () => ({
      admission,
      pool,
      shards,
      kinds,
      isDraining: () => state.isDraining,
      overloaded: status.overloaded,
    }),
  });
  const { record, cellOf } = core;
  const rejected = createRecent(clock);
  const changed = (): void => {
    state.wasReady ||= pool.isReady();
    admission.pump();
  };
  const pool: Pool = createPool({
    entry: fileURLToPath(new URL('../worker/entry.js', import.meta.url)),
    workers,
    tempDir: temp.path,
    heapMb: config.workerHeapMb,
    setup: { ...core.workerSetup, prewarm: config.prewarm },
    lanes: core.lanes,
    clock,
    drain: core.fold.drain,
    events: poolEvents({ core, log, workers, onChange: changed, shards: () => shards }),
  });
  const shards: Shards = createShards({
    ...options,
    chromium: finder.get,
    isOutOfMemory: core.isOutOfMemory,
    pool,
    record,
    cellOf,
    onChange: changed,
  });
  const admission: Admission = createAdmission({
    run: pool.run,
    isReady: pool.isReady,
    isHopeless: shards.isHopeless,
    books: createBooks({ record, cellOf, kinds, clock }),
    clock,
    slots: config.concurrent,
    queueLimit: config.queueLength,
    queueTimeoutMs: config.queueTimeoutMs ?? config.timeoutMs,
    onSettled: (session) => {
      if (session.reason === 'queue_full') rejected.add();
      logSession(log, session);
    },
  });
  const status: Status = createStatus({
    config,
    clock,
    admission,
    isBrowserReady: pool.isReady,
    wasBrowserReady: () => state.wasReady,
    isHopeless: shards.isHopeless,
    isDraining: () => state.isDraining,
    recentlyRejected: rejected.count,
    usage: core.usage,
  });
  const render = (): string => {
    const { pressure, notReady } = status;
    const told = { pressure: pressure(), notReady: notReady(), shards: shardStates(pool, shards) };
    return `{"row":${core.liveRow()},${JSON.stringify(told).slice(1)}`;
  };
  const events: Events = createEvents({ clock, render });
  return { core, pool, shards, admission, status, events, state, clock, versions, paths };
}

/** What the pool tells, to whom it matters. */
function poolEvents(of: {
  readonly core: Core;
  readonly log: Log;
  readonly workers: number;
  /** Asked for only once they are there. */
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
    onThreadLost(shard, reason, message) {
      ready.delete(shard);
      log.warn({ worker: shard, reason, message }, 'worker thread died');
      counted(reason);
      shards().threadLost(shard);
    },
    onThreadFailed(message) {
      trouble.begins('threads', { message }, 'a worker thread cannot be started; it is tried on');
      counted('pool_rebuilt');
      shards().threadFailed();
    },
    onChange: of.onChange,
    onBrowserLost: (shard, generation) => shards().browserLost(shard, generation),
    onBrowserUnusable(shard, generation, reason) {
      log.warn({ worker: shard, reason }, 'a browser is of no more use, and is ended');
      shards().useless(shard, generation, reason);
    },
  };
}

/** What each shard is doing; a thread without a browser is not ready whatever else it is. */
function shardStates(pool: Pool, shards: Shards) {
  const pids = shards.pids();
  return pool.states().map((one, index) => ({
    shard: index,
    state: one.state,
    browser: shards.conditions()[index],
    sessions: one.sessions,
    pid: pids[index] ?? null,
  }));
}

function logSession(log: Log, { job, reason, outcome, queueMs, runMs, worker }: SettledSession): void {
  log.info(
    {
      id: job.id,
      kind: job.spec.kind,
      outcome: runMs === null ? 'refused' : outcome.isOk ? 'successful' : reason === 'timeout' ? 'timedout' : 'error',
      reason,
      queueMs,
      ...(runMs === null ? {} : { runMs, worker }),
      ...(job.trackingId === null ? {} : { trackingId: job.trackingId }),
    },
    'session',
  );
}
