/**
 * Shards as main's side has them: a thread with its lane, its control port, its jobs. In: jobs, and endpoints of
 * browsers; out: outcomes, and word of threads that came and went. The pool decides which thread gets a job, because
 * piscina queues uncounted what it cannot place at once. Main thread.
 */
import type { MessagePort } from 'node:worker_threads';
import { type Clock, every } from '../clock.js';
import type { LaneReader } from '../metrics/lane.js';
import type { CdpJob } from '../protocol/cdp.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { Fonts, Job, Outcome } from '../protocol/job.js';
import { HEARTBEAT_MS, type UnusableReason, type WorkerExitReason } from '../protocol/names.js';
import type { Running, Standing } from '../protocol/session.js';
import type { WorkerSetup } from '../protocol/setup.js';
import { homesOn, pickWorker } from './pick.js';
import { createSetup } from './setup.js';
import { createThreads } from './threads.js';
import { createWorker, type PoolWorker } from './worker.js';

export interface PoolOptions {
  readonly entry: string;
  readonly workers: number;
  /** That all of them together may use. */
  readonly cpus: number;
  /** Where threads may put files; removed with the server. */
  readonly tempDir: string;
  /** JavaScript heap of a thread. */
  readonly heapMb: number;
  readonly setup: WorkerSetup;
  /** Lane i belongs to shard i, whichever thread holds it. */
  readonly lanes: readonly LaneReader[];
  readonly clock: Clock;
  /** Folds what all threads have written. Called when a thread has died, before its lane is freed. */
  readonly drain: () => void;
  /**
   * A new port to the egress thread, for one worker; null: there is no such thread yet, and `reconnectEgress` will be
   * called.
   */
  readonly egress: () => MessagePort | null;
  readonly events: PoolEvents;
}

export interface PoolEvents {
  onThreadReady(shard: number): void;
  onThreadLost(shard: number, reason: WorkerExitReason, message: string, stack?: string): void;
  /** A thread that was started for some shard never began to work. It is tried again from scratch, for ever. */
  onThreadFailed(message: string): void;
  /** A shard takes sessions again, or stops taking them for a while. */
  onChange(): void;
  /** Some thread has looked for fonts. */
  onFonts(fonts: Fonts): void;
  onBrowserLost(shard: number, generation: number): void;
  /** The browser lives, and should be ended. */
  onBrowserUnusable(shard: number, generation: number, reason: UnusableReason): void;
}

export interface Pool {
  /** Attaches the shard's worker to a browser, to which new sessions go from then on. Rejects when it cannot attach. */
  attach(shard: number, endpoint: PipeEndpoint): Promise<void>;
  /** No new job goes to the shard's browser of this generation. */
  detach(shard: number, generation: number): void;
  /** Ends the shard's thread, because it does not work; another is started. */
  replaceThread(shard: number): void;
  /** There is another egress thread: gives every worker a port to it. */
  reconnectEgress(): void;
  /** Whether `run` may be called: at least one worker is attached. */
  isReady(): boolean;
  /**
   * Never throws: a job that cannot be run has an outcome that says so. `runMs` ends the session after that time; null
   * or missing: no limit. `onServing`: see `Serving`.
   */
  run(job: Job, runMs?: number | null): Running;
  run(job: CdpJob, runMs: number | null, onServing: Serving): Running;
  states(): readonly ShardState[];
  destroy(): Promise<void>;
}

/** Called at most once: the worker waits for this job's client at the Unix socket with this path. */
export type Serving = (path: string) => void;

export interface ShardState {
  readonly state: 'idle' | 'busy' | 'starting';
  readonly sessions: number;
}

export function createPool(options: PoolOptions): Pool {
  const { clock, events, lanes } = options;
  /** By shard; undefined while the shard has no thread that works. */
  const workers: (PoolWorker | undefined)[] = Array.from({ length: options.workers });
  const counts = { jobs: 0, ready: 0 };
  const homes = homesOn(options.cpus);
  let isDestroyed = false;

  const connect = (worker: PoolWorker): void => {
    const port = options.egress();
    if (port) worker.useEgress(port);
  };

  const setup = createSetup({
    clock,
    onReady(thread, claimed) {
      const { index } = claimed;
      const worker = createWorker(thread, claimed, {
        clock,
        nextReady: () => ++counts.ready,
        events: {
          onBrowserLost: (generation) => events.onBrowserLost(index, generation),
          onBrowserUnusable: (generation, reason) => events.onBrowserUnusable(index, generation, reason),
          onChange: events.onChange,
          onFonts: events.onFonts,
        },
      });
      workers[index] = worker;
      connect(worker);
      threads.worked();
      events.onThreadReady(index);
    },
    onFailed(thread, message) {
      // It will never load what it failed to load, because Node.js keeps the failure for as long as the thread lives.
      thread.end('pool_rebuilt');
      if (!isDestroyed) events.onThreadFailed(message);
    },
  });

  const threads = createThreads({
    ...options,
    count: options.workers,
    events: {
      onStarted: (thread) => void setup.welcome(thread),
      onLost(threadId, reason, message, stack) {
        setup.lost(threadId);
        const worker = workers.find((one) => one?.thread.id === threadId);
        if (!worker) return;
        workers[worker.index] = undefined;
        worker.abandon(message);
        if (!isDestroyed) events.onThreadLost(worker.index, reason, message, stack);
      },
      onExit(threadId) {
        // What the thread wrote before it died counts. Only after this fold may its successor write there.
        options.drain();
        for (const lane of lanes) lane.release(threadId);
      },
      onUnstartable: (error) => events.onThreadFailed(error instanceof Error ? error.message : String(error)),
    },
  });

  const look = (): void => {
    for (const worker of workers) {
      if (worker && !worker.isAlive(lanes[worker.index]?.beats() ?? 0)) worker.thread.end('unresponsive');
    }
  };

  threads.start();
  look();
  const stopLooking = every(clock, HEARTBEAT_MS, look);

  return {
    async attach(index, endpoint) {
      const worker = workers[index];
      if (!worker) throw new Error(`worker ${index} has no thread`);
      await worker.attach(endpoint);
    },
    detach: (index, generation) => workers[index]?.detach(generation),
    reconnectEgress() {
      for (const worker of workers) if (worker) connect(worker);
    },
    replaceThread: (index) => workers[index]?.thread.end('pool_rebuilt'),
    isReady: () => workers.some((worker) => worker?.isAttached),
    run(job: Job | CdpJob, runMs: number | null = null, onServing?: Serving) {
      const worker = pickWorker(workers, job.kind === 'cdp' ? { kind: 'client' } : { kind: 'job', homes });
      return worker
        ? worker.run({ job, sequence: ++counts.jobs, runMs, onServing })
        : failedAtOnce('no worker is attached to a browser');
    },
    states: () => workers.map(stateOf),
    async destroy() {
      isDestroyed = true;
      stopLooking();
      await threads.destroy();
      for (const worker of workers) worker?.close();
    },
  };
}

function stateOf(worker: PoolWorker | undefined): ShardState {
  const sessions = worker?.sessions ?? 0;
  return { state: worker?.isAttached ? (sessions > 0 ? 'busy' : 'idle') : 'starting', sessions };
}

function failedAtOnce(message: string): Running {
  const outcome = Promise.resolve<Outcome>({ isOk: false, code: 'INTERNAL', message });
  const standing: Standing = { phase: 'context', past: {}, status: null, exit: null, client: null };
  const place = { kind: 'worker', index: 0 } as const;
  return { outcome, released: outcome.then(() => {}), place, standing: () => standing, cancel: () => {} };
}
