/**
 * Joins threads and browsers: each shard has one of each, and needs both. Counts browsers where their pids are known.
 * Main thread.
 */
import type { Chromium } from '../browsers/discover.js';
import { type BrowserProcess, spawnBrowser } from '../browsers/spawn.js';
import { type Supervisor, superviseShard } from '../browsers/supervisor.js';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import type { Record as RecordDelta, SlotOf } from '../metrics/delta.js';
import type { Pool } from '../pool/pool.js';
import { BROWSER_EXIT_REASONS, type BrowserExitReason, LAUNCH_FAILURE_REASONS } from '../protocol/names.js';

export interface ShardsOptions {
  readonly workers: number;
  /** Finds the Chromium, or throws; asked again before each start until it was found. */
  readonly chromium: () => Promise<Chromium>;
  readonly isSandboxed: boolean;
  readonly tempDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly isOutOfMemory: () => boolean;
  readonly pool: Pool;
  readonly record: RecordDelta;
  readonly slotOf: SlotOf;
  readonly clock: Clock;
  readonly log: Log;
  /** A shard has become ready, or has turned out not to be startable. */
  readonly onChange: () => void;
}

export interface Shards {
  threadReady(shard: number): void;
  threadLost(shard: number): void;
  /** Ends a shard's browser; another is started. */
  kill(shard: number, reason: BrowserExitReason): void;
  /** Root pids of the browsers alive, by shard; null where there is none. */
  pids(): readonly (number | null)[];
  /** Of the browsers, by shard. */
  states(): readonly ReturnType<Supervisor['state']>[];
  /** None is ready, and every one has failed to start or died fast again and again. */
  isHopeless(): boolean;
  stop(): Promise<void>;
  killNow(): void;
}

/** A promise that can be made anew: whether a shard has its thread. */
interface Gate {
  ready: Promise<void>;
  open: () => void;
}

export function createShards(options: ShardsOptions): Shards {
  const { record, log } = options;
  const count = createBrowserCounts(options);
  const gates: Gate[] = Array.from({ length: options.workers }, newGate);
  const browsers: (BrowserProcess | null)[] = Array.from({ length: options.workers }, () => null);

  const supervise = (index: number): Supervisor =>
    superviseShard({
      clock: options.clock,
      spawn: async () =>
        spawnBrowser({
          chromium: await options.chromium(),
          isSandboxed: options.isSandboxed,
          tempDir: options.tempDir,
          environment: options.environment,
          isOutOfMemory: options.isOutOfMemory,
        }),
      threadReady: () => gates[index]?.ready ?? Promise.resolve(),
      attach: (endpoint) => options.pool.attach(index, endpoint),
      detach: () => options.pool.detach(index),
      events: {
        launched(browser) {
          browsers[index] = browser;
          record(count.launches, 1);
        },
        ready(browser, launchMs) {
          record(count.duration, launchMs);
          log.info({ shard: index, pid: browser.pid, ms: Math.round(launchMs) }, 'browser ready');
          options.onChange();
        },
        launchFailed(reason, message) {
          record(count.failures.get(reason) ?? 0, 1);
          log.error({ shard: index, reason, message }, 'browser cannot be started');
          options.onChange();
        },
        exited(browser, { reason, detail }) {
          browsers[index] = null;
          record(count.exits.get(reason) ?? 0, 1);
          const level = reason === 'crash' || reason === 'killed' || reason === 'oom' ? 'warn' : 'info';
          log[level]({ shard: index, pid: browser.pid, reason, detail }, 'browser gone');
          options.onChange();
        },
      },
    });
  const supervisors = gates.map((_, index) => supervise(index));

  return {
    threadReady: (index) => gates[index]?.open(),
    threadLost(index) {
      gates[index] = newGate();
      // Its pipe has lost its other end, so Chromium is about to go by itself; this is for one that hangs.
      supervisors[index]?.kill('killed');
    },
    kill: (index, reason) => supervisors[index]?.kill(reason),
    pids: () => browsers.map((browser) => browser?.pid ?? null),
    states: () => supervisors.map((one) => one.state()),
    isHopeless: () => supervisors.every((one) => one.state() === 'failing'),
    async stop() {
      await Promise.all(supervisors.map((one) => one.stop()));
    },
    killNow() {
      for (const browser of browsers) browser?.kill('shutdown');
    },
  };
}

function newGate(): Gate {
  let open = (): void => {};
  const ready = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { ready, open };
}

function createBrowserCounts({ slotOf }: Pick<ShardsOptions, 'slotOf'>) {
  return {
    launches: slotOf('headcount_browser_launches_total', 'shard'),
    duration: slotOf('headcount_browser_launch_duration_seconds'),
    failures: new Map(
      LAUNCH_FAILURE_REASONS.map((reason) => [reason, slotOf('headcount_browser_launch_failures_total', reason)]),
    ),
    exits: new Map(BROWSER_EXIT_REASONS.map((reason) => [reason, slotOf('headcount_browser_exits_total', reason)])),
  };
}
