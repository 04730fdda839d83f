/**
 * Joins threads and browsers: each shard needs one of each. Counts browsers where their pids are known.
 * Main thread.
 */

import type { Authorities } from '../browsers/certificates.js';
import type { ShardCondition } from '../browsers/lifecycle.js';
import { type BrowserProcess, spawnBrowser } from '../browsers/spawn.js';
import { type Supervisor, superviseShard } from '../browsers/supervisor.js';
import type { Clock } from '../clock.js';
import type { DeadEnd } from '../egress/dead-end.js';
import type { Log } from '../log.js';
import type { CellOf, RecordDelta } from '../metrics/delta.js';
import type { Pool } from '../pool/pool.js';
import {
  BROWSER_EXIT_REASONS,
  type BrowserExitReason,
  type BrowserRole,
  LAUNCH_FAILURE_REASONS,
} from '../protocol/names.js';
import type { Cages } from './cage.js';
import type { Finder } from './chromium.js';
import type { Shown } from './shown.js';
import type { TempFolder } from './temp.js';
import { createTimers } from './timers.js';
import { createTrouble } from './trouble.js';

/** The role of these browsers in the metrics. */
export const SHARD_ROLE: BrowserRole = 'shard';
/** Cleaners of /tmp may come at any time. */
const TEMP_EVERY_MS = 10_000;

export interface ShardsOptions {
  /** What a browser writes at its end contains URLs of its pages. */
  readonly shown: Pick<Shown, 'messageOf'>;
  readonly workers: number;
  /** Called before each start. */
  readonly chromium: Finder['get'];
  readonly cages: Cages;
  readonly deadEnd: Pick<DeadEnd, 'port'>;
  readonly temp: Pick<TempFolder, 'path' | 'ensure'>;
  readonly environment: Readonly<Record<string, string>>;
  readonly authorities: Authorities | null;
  readonly isOutOfMemory: () => boolean;
  readonly pool: Pool;
  readonly record: RecordDelta;
  readonly cellOf: CellOf;
  readonly clock: Clock;
  readonly log: Log;
  /** A shard's condition may have changed. */
  readonly onChange: () => void;
}

export interface Shards {
  threadReady(shard: number): void;
  threadLost(shard: number): void;
  /** Some thread never began to work. Every shard without a thread counts it as a failure. */
  threadFailed(): void;
  browserLost(shard: number, generation: number): void;
  /** The browser of that generation does not work any more: it is ended, and another is started. */
  useless(shard: number, generation: number, reason: BrowserExitReason): void;
  /** Pids of the newest browsers alive, by shard; null where there is none. */
  pids(): readonly (number | null)[];
  /** Pids of all browsers alive, by shard. */
  allPids(): readonly (readonly number[])[];
  /** Of the browsers, by shard. */
  conditions(): readonly ShardCondition[];
  /** No browser is ready, and each has failed to start or died fast again and again. */
  isHopeless(): boolean;
  stop(): Promise<void>;
  killNow(): void;
}

export function createShards(options: ShardsOptions): Shards {
  const { record, log, chromium, temp } = options;
  const count = createBrowserCounts(options);
  const trouble = createTrouble(log);
  /** The living browsers of each shard, the newest last. */
  const browsers = Array.from({ length: options.workers }, () => new Set<BrowserProcess>());
  const allPids = (): number[][] => browsers.map((alive) => Array.from(alive, ({ pid }) => pid));

  // Needed also while no browser is started: other servers may ask for the lock at any time.
  const timers = createTimers(options.clock);
  timers.every(TEMP_EVERY_MS, () => {
    temp.ensure().then(
      () => trouble.over('temporary folder', {}, 'the temporary folder is there again'),
      (error: Error) => trouble.begins('temporary folder', { message: error.message }, 'no temporary folder'),
    );
  });

  const spawn = async (): Promise<BrowserProcess> => {
    await temp.ensure();
    const found = await chromium();
    return await spawnBrowser({
      chromium: found,
      cage: await options.cages.of(found),
      deadEndPort: options.deadEnd.port,
      tempDir: temp.path,
      environment: options.environment,
      authorities: options.authorities,
      isOutOfMemory: options.isOutOfMemory,
    });
  };

  const supervise = (index: number): Supervisor =>
    superviseShard({
      clock: options.clock,
      spawn,
      attach: (endpoint) => options.pool.attach(index, endpoint),
      detach: (generation) => options.pool.detach(index, generation),
      replaceThread: () => options.pool.replaceThread(index),
      events: {
        launched(browser) {
          browsers[index]?.add(browser);
          record(count.launches, 1);
        },
        ready(browser, launchMs) {
          record(count.duration, launchMs);
          trouble.over(`browser ${index}`, { worker: index }, 'a browser can be started again');
          log.info({ worker: index, pid: browser.pid, ms: Math.round(launchMs) }, 'browser ready');
        },
        launchFailed(reason, message) {
          record(count.failures.get(reason) ?? 0, 1);
          const told = { worker: index, reason, message };
          trouble.begins(`browser ${index}`, told, 'browser cannot be started; it is tried on');
        },
        exited(browser, { reason, detail }) {
          browsers[index]?.delete(browser);
          record(count.exits.get(reason) ?? 0, 1);
          const level = reason === 'shutdown' ? 'info' : 'warn';
          const facts = { worker: index, pid: browser.pid, reason, detail: options.shown.messageOf(detail) };
          log[level](facts, 'browser gone');
        },
        changed: options.onChange,
      },
    });
  const supervisors = browsers.map((_, index) => supervise(index));

  return {
    threadReady: (index) => supervisors[index]?.threadReady(),
    threadLost: (index) => supervisors[index]?.threadLost(),
    threadFailed() {
      for (const one of supervisors) one.threadFailed();
    },
    browserLost: (index, generation) => supervisors[index]?.pipeEnded(generation),
    useless: (index, generation, reason) => supervisors[index]?.useless(generation, reason),
    pids: () => allPids().map((pids) => pids.at(-1) ?? null),
    allPids,
    conditions: () => supervisors.map((one) => one.condition()),
    isHopeless: () => supervisors.every((one) => one.condition() === 'failing'),
    async stop() {
      timers.stop();
      await Promise.all([options.cages.stop(), ...supervisors.map((one) => one.stop())]);
    },
    killNow() {
      timers.stop();
      void options.cages.stop();
      for (const alive of browsers) for (const browser of alive) browser.kill('shutdown');
    },
  };
}

function createBrowserCounts({ cellOf }: Pick<ShardsOptions, 'cellOf'>) {
  return {
    launches: cellOf('headcount_browser_launches_total', SHARD_ROLE),
    duration: cellOf('headcount_browser_launch_duration_seconds'),
    failures: new Map(
      LAUNCH_FAILURE_REASONS.map((reason) => [reason, cellOf('headcount_browser_launch_failures_total', reason)]),
    ),
    exits: new Map(BROWSER_EXIT_REASONS.map((reason) => [reason, cellOf('headcount_browser_exits_total', reason)])),
  };
}
