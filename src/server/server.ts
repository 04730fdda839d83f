/**
 * The composition root: builds each room once and joins them by functions. In: a config; out: a server that listens,
 * and how to stop it. Main thread.
 */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Admission, createAdmission, type RunningSession, type SettledSession } from '../admission/admission.js';
import { createBooks } from '../admission/books.js';
import { createRecent } from '../admission/recent.js';
import { type Clock, systemClock } from '../clock.js';
import { isLoopback, shownConfig } from '../config/parse.js';
import type { Config } from '../config/settings.js';
import { createAuth } from '../http/auth.js';
import { controlRoutes, type SessionView } from '../http/control.js';
import { createEdge } from '../http/edge.js';
import { createEvents, type Events } from '../http/events.js';
import { managementRoutes } from '../http/management.js';
import { metricsRoutes } from '../http/metrics.js';
import { createGate } from '../http/origin.js';
import { pageRoutes } from '../http/page.js';
import { PATHS, TEST_PATH } from '../http/paths.js';
import { createSend } from '../http/send.js';
import { sessionRoutes } from '../http/sessions.js';
import { testRoutes } from '../http/test.js';
import type { Log } from '../log.js';
import { createPool, type Pool } from '../pool/pool.js';
import { JOB_KINDS, type SessionKind, TEST_KIND } from '../protocol/names.js';
import type { HistoryFile } from '../store/history.js';
import { createFinder, type Finder, type Places } from './chromium.js';
import { createCore } from './core.js';
import { labelDomains } from './domains.js';
import { openHistory } from './history.js';
import { listen } from './listen.js';
import { countRequests } from './requests.js';
import { createShards, type Shards } from './shards.js';
import { createStatus, type Status } from './status.js';
import { stopInOrder } from './stop.js';
import { createTempFolder } from './temp.js';
import { readVersions } from './versions.js';

export interface HeadcountOptions {
  readonly config: Config;
  readonly log: Log;
  /** The history file; null: none. */
  readonly historyPath: string | null;
  /** Where a Chromium may be found, or unpacked to. */
  readonly places: Places;
  readonly workers: number;
  readonly isSandboxed: boolean;
  readonly tempDir: string;
  /** What a browser may see of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

export interface Headcount {
  readonly url: string;
  /** Root pids of the shards' browsers; null where there is none at the moment. */
  browserPids(): readonly (number | null)[];
  /** Stops taking sessions, lets running ones finish within the limit, ends everything. Idempotent. */
  stop(): Promise<void>;
  /** Ends the browsers, at once and without waiting: for a process that is about to exit. */
  abandon(): void;
}

export async function startServer(options: HeadcountOptions): Promise<Headcount> {
  const { config, log } = options;
  const finder = createFinder({ ...options, setting: config.chromiumPath });
  await finder.get().catch((error: unknown) => log.error({ message: messageOf(error) }, 'no Chromium; it is tried on'));
  const temp = await createTempFolder(options.tempDir);
  const clock = options.clock ?? systemClock;
  const { periods, periodMs } = config;
  const historyFile = await openHistory(options.historyPath, { periods, periodMs, clock, log });
  const rooms = buildRooms({ ...options, clock, tempDir: temp.path }, finder, historyFile);
  const { admission, pool, shards, core, events, state } = rooms;
  const edge = buildEdge(options, rooms, finder);
  const stop = stopInOrder({
    clock,
    log,
    leadMs: config.drainLeadMs,
    drainTimeoutMs: config.drainTimeoutMs,
    onDraining: () => {
      state.isDraining = true;
    },
    admission,
    edge,
    events,
    shards,
    pool,
    core,
    temp,
  });
  try {
    return { url: await listen(edge, config), browserPids: shards.pids, stop, abandon: shards.killNow };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Rooms = ReturnType<typeof buildRooms>;

/** Everything behind the edge. The rooms know each other only as the functions that they are given here. */
function buildRooms(
  options: HeadcountOptions & { readonly clock: Clock },
  finder: Finder,
  historyFile: HistoryFile | null,
) {
  const { config, log, workers, clock } = options;
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
    historyFile,
    sources: () => ({
      admission,
      pool,
      shards,
      kinds,
      isDraining: () => state.isDraining,
      overloaded: status.overloaded,
    }),
  });
  const { record, slotOf } = core;
  const rejected = createRecent(clock);
  const pool: Pool = createPool({
    entry: fileURLToPath(new URL('../worker/entry.js', import.meta.url)),
    workers,
    tempDir: options.tempDir,
    setup: { ...core.workerSetup, prewarm: config.prewarm },
    lanes: core.lanes,
    clock,
    drain: core.fold.drain,
    onThreadReady: (shard) => shards.threadReady(shard),
    onThreadLost: (shard, reason) => {
      log.warn({ shard, reason }, 'worker thread died');
      record(slotOf('headcount_worker_restarts_total', reason), 1);
      shards.threadLost(shard);
    },
    onBrowserLost: (shard) => pool.detach(shard),
    onStuck: (shard) => {
      log.warn({ shard }, 'a context could not be closed; the browser is ended');
      shards.kill(shard, 'killed');
    },
    onError: (error) => log.error({ message: messageOf(error) }, 'worker pool'),
  });
  const shards: Shards = createShards({
    ...options,
    chromium: finder.get,
    isOutOfMemory: core.isOutOfMemory,
    pool,
    record,
    slotOf,
    clock,
    onChange: () => {
      state.wasReady ||= pool.isReady();
      admission.pump();
    },
  });
  const admission: Admission = createAdmission({
    run: pool.run,
    isReady: pool.isReady,
    isHopeless: shards.isHopeless,
    books: createBooks({ record, slotOf, kinds, clock }),
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

const KILLED = 'ended by an operator';

function buildEdge({ config, log, workers }: HeadcountOptions, rooms: Rooms, finder: Finder): Server {
  const { core, admission, status, events, clock, versions, paths } = rooms;
  const { record, slotOf } = core;
  const session = { submit: admission.submit, timeoutMs: config.timeoutMs, maxTimeoutMs: config.maxTimeoutMs };
  const bootId = randomUUID().slice(0, 8);
  return createEdge({
    routes: [
      ...managementRoutes({
        pressure: status.pressure,
        notReady: status.notReady,
        config: () => ({ ...shownConfig(config), WORKERS: workers }),
        meta: () => ({ ...versions, chromium: finder.version() }),
      }),
      ...pageRoutes({ isTokenNeeded: config.token !== null, version: versions.headcount, paths }),
      ...controlRoutes({
        sessions: () => admission.sessions().map(viewOf),
        kill: (id) => admission.kill(id, KILLED),
        killAll: () => admission.killAll(KILLED),
      }),
      events.route,
      ...metricsRoutes({ ...core.views, takeSnapshot: core.takeSnapshot, bootId, nowEpochMs: clock.epochMs }),
      ...sessionRoutes({
        ...session,
        maxPayloadBytes: config.maxPayloadBytes,
        isGetEnabled: config.enableApiGet,
        onIgnored: once((name) => log.warn({ name }, 'this query parameter has no effect here')),
      }),
      ...(config.testSessions ? testRoutes(session) : []),
    ],
    auth: createAuth({ token: config.token, count: () => record(slotOf('headcount_unauthorized_total'), 1) }),
    gate: createGate({
      isOnLoopback: isLoopback(config.host),
      isLoopback,
      proxyUrl: config.proxyUrl,
      isCorsEnabled: config.enableCors,
    }),
    send: createSend(),
    clock,
    onAnswered: countRequests(record, slotOf, paths),
    onError: (error) => log.error({ err: error }, 'bug in a handler'),
  });
}

/** What each shard is doing; a thread without a browser is not ready whatever else it is. */
function shardStates(pool: Pool, shards: Shards) {
  const pids = shards.pids();
  return pool.states().map((one, index) => ({
    shard: index,
    state: one.state,
    browser: shards.states()[index],
    sessions: one.sessions,
    pid: pids[index] ?? null,
  }));
}

function viewOf({ job, worker, state, startedAtEpochMs, ageMs }: RunningSession): SessionView {
  const { id, trackingId, remoteAddress } = job;
  return { id, kind: job.spec.kind, trackingId, worker, state, startedAt: startedAtEpochMs, ageMs, remoteAddress };
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

function once(say: (name: string) => void): (name: string) => void {
  const said = new Set<string>();
  return (name) => {
    if (said.has(name)) return;
    said.add(name);
    say(name);
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
