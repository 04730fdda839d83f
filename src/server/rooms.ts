/**
 * Everything behind the edge, built once and joined by functions. The rooms know each other only as the functions that
 * they are given here. Main thread.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Admission, createAdmission } from '../admission/admission.js';
import { createBooks } from '../admission/books.js';
import { createRecent, type Recent } from '../admission/recent.js';
import type { Authorities } from '../browsers/certificates.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/settings.js';
import type { DeadEnd } from '../egress/dead-end.js';
import { createEvents, type Events } from '../http/events.js';
import { pathsOf, ROUTES, UPGRADES } from '../http/interface.js';
import type { Log } from '../log.js';
import { createPool, type Pool } from '../pool/pool.js';
import type { CdpJob } from '../protocol/cdp.js';
import type { Job } from '../protocol/job.js';
import { SESSION_KINDS, type SessionKind, TEST_KIND } from '../protocol/jobs/jobs.js';
import type { Resource, Run, SessionLimits } from '../protocol/session.js';
import type { TunnelOf } from '../protocol/tunnel.js';
import type { HistoryFile } from '../store/history.js';
import { createChunks } from '../tunnel/chunks.js';
import { startTunnel, type TunnelOptions } from '../tunnel/tunnel.js';
import type { Cages } from './cage.js';
import type { Finder, Places } from './chromium.js';
import { type Core, createCore } from './core.js';
import { labelDomains } from './domains.js';
import { poolEvents } from './pool-events.js';
import { createShards, type Shards } from './shards.js';
import { createStatus, type Status } from './status.js';
import type { TempFolder } from './temp.js';
import { createTold } from './told.js';
import { readVersions } from './versions.js';
import { createWayOut, type WayOut } from './way-out.js';

export interface RoomsOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  /** May be a fraction. */
  readonly cpus: number;
  readonly workers: number;
  readonly cages: Cages;
  readonly environment: Readonly<Record<string, string>>;
  readonly authorities: Authorities | null;
  readonly finder: Finder;
  readonly places: Pick<Places, 'cacheDir'>;
  readonly historyFile: HistoryFile | null;
  readonly temp: TempFolder;
  readonly deadEnd: DeadEnd;
}

export type Rooms = ReturnType<typeof buildRooms>;

export function buildRooms(options: RoomsOptions) {
  const { config, log, workers, clock, finder } = options;
  const versions = readVersions(finder.version());
  const { kinds, switches, paths } = offered(config);
  const state = { isDraining: false, wasReady: false };
  const isDraining = (): boolean => state.isDraining;
  const core = createCore({
    domains: labelDomains({ workers, kinds, routes: paths, versions }),
    ...options,
    versions,
    sources: () => ({ admission, pool, shards, kinds, isDraining, overloaded: status.overloaded }),
  });
  const { record, cellOf } = core;
  const told = createTold({ config, log, clock, bytesOf: (standing) => wayOut.bytesOf(standing) });
  const recent = createRecent(clock, kinds);
  const isReady = (): boolean => pool.isReady() && wayOut.isReady();
  const changed = (): void => {
    state.wasReady ||= isReady();
    admission.pump();
  };
  const served = (): void => {
    pool.reconnectEgress();
    changed();
  };
  const wayOut: WayOut = createWayOut({ ...options, core, onStarted: served });
  const pool: Pool = createPool({
    ...threadsOf(options, core),
    egress: wayOut.connect,
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
      recent.add(session.session.kind, session.reason);
      told.settled(session);
    },
  });
  wayOut.start();
  const { intake, status, events } = buildIntake({
    ...options,
    core,
    pool,
    shards,
    admission,
    state,
    isReady,
    recent,
  });
  return {
    core,
    pool,
    shards,
    wayOut,
    admission,
    intake,
    status,
    events,
    told,
    state,
    clock,
    versions,
    paths,
    switches,
  };
}

interface IntakeParts extends RoomsOptions {
  readonly core: Core;
  readonly pool: Pool;
  readonly shards: Shards;
  readonly admission: Admission;
  readonly state: { readonly isDraining: boolean; readonly wasReady: boolean };
  /** A session sent now would have a browser and a way out. */
  readonly isReady: () => boolean;
  readonly recent: Recent;
}

/** What takes sessions in, and what tells how full it is. */
function buildIntake(parts: IntakeParts) {
  const { config, clock, core, pool, shards, admission, state, isReady, recent } = parts;
  const workersReady: Resource = { isReady, isHopeless: shards.isHopeless };
  const runOf = (job: Job, { runMs }: SessionLimits): Run => {
    return { resource: workersReady, start: () => pool.run(job, runMs) };
  };
  const onBytes = bytesCounter(core);
  const chunks = createChunks();
  const tunnelOf: TunnelOf = (caller, options, { runMs }) => ({
    resource: workersReady,
    start() {
      const ticket = randomUUID();
      const job: CdpJob = { kind: 'cdp', body: { ticket, options } };
      return startTunnel({
        caller,
        ticket,
        run: (onServing) => pool.run(job, runMs, onServing),
        clock,
        chunks,
        onBytes,
      });
    },
  });
  const intake = { runOf, tunnelOf, refusal: () => admission.refusalOf(workersReady) };
  const status: Status = createStatus({
    config,
    clock,
    admission,
    isBrowserReady: isReady,
    wasBrowserReady: () => state.wasReady,
    isHopeless: shards.isHopeless,
    isDraining: () => state.isDraining,
    recentlyRejected: () => recent.count('queue_full'),
    usage: core.usage,
  });
  const render = (): string =>
    `{"row":${core.liveRow()},${JSON.stringify(presentOf(status, recent, pool, shards)).slice(1)}`;
  const events: Events = createEvents({ clock, render });
  return { intake, status, events };
}

/** Of WebSocket clients; main counts bytes without reading them. */
function bytesCounter({ record, cellOf }: Core): TunnelOptions['onBytes'] {
  const cells = {
    sent: cellOf('headcount_cdp_bytes_total', 'sent'),
    received: cellOf('headcount_cdp_bytes_total', 'received'),
  };
  return (direction, bytes) => record(cells[direction], bytes);
}

function threadsOf({ config, cpus, workers: count, clock, temp, places }: RoomsOptions, { workers, fold }: Core) {
  return {
    entry: fileURLToPath(new URL('../worker/entry.js', import.meta.url)),
    workers: count,
    cpus,
    tempDir: temp.path,
    heapMb: config.workerHeapMb,
    setup: {
      ...workers.books,
      readyPlan: { pagesMax: config.prewarm, cpus: cpus / count },
      needed: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
      codeFolder: join(places.cacheDir, 'code'),
    },
    lanes: workers.lanes,
    clock,
    drain: fold.drain,
  };
}

/** Which sessions and routes exist. */
function offered(config: Config) {
  const kinds: readonly SessionKind[] = config.testSessions ? [...SESSION_KINDS, TEST_KIND] : SESSION_KINDS;
  const switches = { apiGet: config.enableApiGet, testSessions: config.testSessions };
  // `/` is in both tables.
  const paths = [...new Set([...pathsOf(ROUTES, switches), ...pathsOf(UPGRADES, switches)])];
  return { kinds, switches, paths };
}

function presentOf({ pressure, notReady }: Status, recent: Recent, pool: Pool, shards: Shards) {
  return { pressure: pressure(), notReady: notReady(), recent: recent.view(), workers: workerStates(pool, shards) };
}

/** What each worker is doing. Without a browser a thread is not ready, whatever else it does. */
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
