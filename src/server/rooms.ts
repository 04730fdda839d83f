/**
 * Everything behind the edge, built once and joined by functions. The rooms know each other only as the functions that
 * they are given here. Main thread.
 */
import { fileURLToPath } from 'node:url';
import { type Admission, createAdmission } from '../admission/admission.js';
import { createBooks } from '../admission/books.js';
import { createRecent } from '../admission/recent.js';
import type { Authorities } from '../browsers/certificates.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/settings.js';
import { createEvents, type Events } from '../http/events.js';
import { pathsOf, ROUTES } from '../http/interface.js';
import type { Log } from '../log.js';
import { createPool, type Pool } from '../pool/pool.js';
import type { Job } from '../protocol/job.js';
import { JOB_KINDS, type SessionKind, TEST_KIND } from '../protocol/jobs/jobs.js';
import type { Resource, Run, SessionLimits } from '../protocol/session.js';
import type { HistoryFile } from '../store/history.js';
import type { Cages } from './cage.js';
import type { Finder } from './chromium.js';
import { createCore } from './core.js';
import { labelDomains } from './domains.js';
import { poolEvents } from './pool-events.js';
import { createShards, type Shards } from './shards.js';
import { createStatus, type Status } from './status.js';
import type { TempFolder } from './temp.js';
import { createTold } from './told.js';
import { readVersions } from './versions.js';

export interface RoomsOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly workers: number;
  readonly cages: Cages;
  readonly environment: Readonly<Record<string, string>>;
  readonly authorities: Authorities | null;
  readonly finder: Finder;
  readonly historyFile: HistoryFile | null;
  readonly temp: TempFolder;
}

export type Rooms = ReturnType<typeof buildRooms>;

export function buildRooms(options: RoomsOptions) {
  const { config, log, workers, clock, finder, temp } = options;
  const versions = readVersions(finder.version());
  const kinds: readonly SessionKind[] = config.testSessions ? [...JOB_KINDS, TEST_KIND] : JOB_KINDS;
  const switches = { apiGet: config.enableApiGet, testSessions: config.testSessions };
  const paths = pathsOf(ROUTES, switches);
  const state = { isDraining: false, wasReady: false };
  const isDraining = (): boolean => state.isDraining;
  const core = createCore({
    domains: labelDomains({ workers, kinds, routes: paths, versions }),
    workers,
    config,
    clock,
    log,
    versions,
    historyFile: options.historyFile,
    sources: () => ({ admission, pool, shards, kinds, isDraining, overloaded: status.overloaded }),
  });
  const { record, cellOf } = core;
  const told = createTold({ config, log, clock });
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
    shown: told.shown,
    pool,
    record,
    cellOf,
    onChange: changed,
  });
  const admission: Admission = createAdmission({
    books: createBooks({ record, cellOf, kinds, clock }),
    clock,
    slots: config.concurrent,
    queueLimit: config.queueLength,
    onSettled: (session) => {
      if (session.reason === 'queue_full') rejected.add();
      told.settled(session);
    },
  });
  const workersReady: Resource = { isReady: pool.isReady, isHopeless: shards.isHopeless };
  const intake = {
    runOf: (job: Job, { runMs }: SessionLimits): Run => ({
      resource: workersReady,
      start: () => pool.run(job, runMs),
    }),
    refusal: () => admission.refusalOf(workersReady),
  };
  const status: Status = createStatus({
    config,
    clock,
    admission,
    isBrowserReady: pool.isReady,
    wasBrowserReady: () => state.wasReady,
    isHopeless: shards.isHopeless,
    isDraining,
    recentlyRejected: rejected.count,
    usage: core.usage,
  });
  const render = (): string => {
    const { pressure, notReady } = status;
    const told = { pressure: pressure(), notReady: notReady(), workers: workerStates(pool, shards) };
    return `{"row":${core.liveRow()},${JSON.stringify(told).slice(1)}`;
  };
  const events: Events = createEvents({ clock, render });
  return { core, pool, shards, admission, intake, status, events, told, state, clock, versions, paths, switches };
}

/** What each worker is doing; a thread without a browser is not ready whatever else it is. */
function workerStates(pool: Pool, shards: Shards) {
  const pids = shards.pids();
  return pool.states().map((one, index) => ({
    worker: index,
    state: one.state,
    browser: shards.conditions()[index],
    sessions: one.sessions,
    pid: pids[index] ?? null,
  }));
}
