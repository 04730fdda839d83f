/**
 * Shards as main's side has them: a thread with its lane, its control port, its jobs. In: jobs, and endpoints of
 * browsers; out: outcomes, and word of threads that came and went. Which thread gets a job is decided here, because
 * piscina queues what it cannot place at once, uncounted. Main thread.
 */
import assert from 'node:assert/strict';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Clock } from '../clock.js';
import type { LaneReader } from '../metrics/lane.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { Job, Outcome, TaskResult } from '../protocol/job.js';
import { HEARTBEAT_MS, type UnusableReason, type WorkerExitReason } from '../protocol/names.js';
import type { Place, Running } from '../protocol/session.js';
import type { WorkerSetup } from '../protocol/setup.js';
import { limit, waitFor } from '../wait.js';
import { type Control, openControl } from './control.js';
import { createHeartbeat, type Heartbeat } from './heartbeat.js';
import { type Candidate, pickWorker } from './pick.js';
import { createRunning, type PooledJob } from './running.js';
import { createThreads, type Thread } from './threads.js';

const CLAIM_RETRY_MS = 20;
/** For a thread to load all that it needs and claim its lane; twice as long after each that did not come to that. */
const SETUP_LIMIT_MS = 15_000;
/** A machine on which it takes longer has other troubles. */
const SETUP_LIMIT_MS_MAX = 120_000;

export interface PoolOptions {
  readonly entry: string;
  readonly workers: number;
  /** Where threads may put files; goes with the server. */
  readonly tempDir: string;
  /** JavaScript heap of a thread. */
  readonly heapMb: number;
  readonly setup: WorkerSetup;
  /** Lane i is shard i's, whichever thread holds it. */
  readonly lanes: readonly LaneReader[];
  readonly clock: Clock;
  /** Folds what all threads have written; called when one has died, before its lane is freed. */
  readonly drain: () => void;
  readonly events: PoolEvents;
}

export interface PoolEvents {
  onThreadReady(shard: number): void;
  onThreadLost(shard: number, reason: WorkerExitReason, message: string): void;
  /** What was to be the thread of some shard never began to work; it is tried again, from scratch, for ever. */
  onThreadFailed(message: string): void;
  /** A shard takes sessions again, or for a while does not. */
  onChange(): void;
  onBrowserLost(shard: number, generation: number): void;
  /** It lives, and should be ended. */
  onBrowserUnusable(shard: number, generation: number, reason: UnusableReason): void;
}

export interface Pool {
  /** Attaches the shard's worker to a browser. Rejects when it cannot, or when the thread dies meanwhile. */
  attach(shard: number, endpoint: PipeEndpoint): Promise<void>;
  /** The shard's browser has gone: no job goes there until it is attached again. */
  detach(shard: number): void;
  /** Ends the shard's thread, which cannot do what it should; another is started. */
  replaceThread(shard: number): void;
  /** Whether `run` may be called: some worker is attached. */
  isReady(): boolean;
  /** Never throws: what cannot be run has an outcome that says so. */
  run(job: Job): Running;
  states(): readonly ShardState[];
  destroy(): Promise<void>;
}

export interface ShardState {
  readonly state: 'idle' | 'busy' | 'starting';
  readonly sessions: number;
}

/** One thread, once it has claimed its lane. */
interface Shard extends Candidate {
  readonly index: number;
  readonly thread: Thread;
  readonly control: Control;
  readonly heartbeat: Heartbeat;
  readonly jobs: Set<PooledJob>;
  isAttached: boolean;
  /** Of the browser that it is attached to; 0 when there is none. */
  generation: number;
  sessions: number;
  readyPages: number;
  readyAt: number;
  lastJob: number;
}

export function createPool(options: PoolOptions): Pool {
  const { clock, events, lanes } = options;
  const shards: (Shard | undefined)[] = Array.from({ length: options.workers });
  /** Ids of threads that have been started and are not set up yet. */
  const newcomers = new Set<number>();
  let isDestroyed = false;
  let jobCount = 0;
  let readyCount = 0;
  let setupLimitMs = SETUP_LIMIT_MS;
  let cancelLook = (): void => {};

  const welcome = async (thread: Thread): Promise<void> => {
    newcomers.add(thread.id);
    try {
      const { index, port } = await claimLane(thread, { clock, limitMs: setupLimitMs });
      if (!newcomers.delete(thread.id)) throw new Error('it ended while it was set up');
      const none = { isAttached: false, generation: 0, sessions: 0, readyPages: 0, readyAt: 0, lastJob: 0 };
      const control = openControl(port, (pages) => {
        if (pages > shard.readyPages) shard.readyAt = ++readyCount;
        shard.readyPages = pages;
      });
      const shard: Shard = { index, thread, control, heartbeat: createHeartbeat(), jobs: new Set(), ...none };
      shards[index] = shard;
      setupLimitMs = SETUP_LIMIT_MS;
      threads.worked();
      events.onThreadReady(index);
    } catch (error) {
      // Or a machine that is merely slow would never see one set up.
      if (error instanceof LimitError) setupLimitMs = Math.min(2 * setupLimitMs, SETUP_LIMIT_MS_MAX);
      // What it failed to load it will never load: Node.js keeps the failure for as long as the thread lives.
      thread.end('pool_rebuilt');
      if (!isDestroyed) events.onThreadFailed(messageOf(error));
    }
  };

  const lost = (threadId: number, reason: WorkerExitReason, message: string): void => {
    newcomers.delete(threadId);
    const shard = shards.find((one) => one?.thread.id === threadId);
    if (!shard) return;
    shards[shard.index] = undefined;
    // Outcomes that it had sent are told first.
    shard.control.close();
    for (const job of shard.jobs) job.abandon(message);
    if (!isDestroyed) events.onThreadLost(shard.index, reason, message);
  };

  const threads = createThreads({
    ...options,
    count: options.workers,
    events: {
      onStarted: (thread) => void welcome(thread),
      onLost: lost,
      onExit(threadId) {
        // What it wrote before it died counts; only then may its successor write there.
        options.drain();
        for (const lane of lanes) lane.release(threadId);
      },
      onUnstartable: (error) => events.onThreadFailed(messageOf(error)),
    },
  });

  const look = (): void => {
    for (const shard of shards) {
      if (shard && !shard.heartbeat.isAlive(lanes[shard.index]?.beats() ?? 0)) shard.thread.end('unresponsive');
    }
    cancelLook = clock.after(HEARTBEAT_MS, look);
  };

  threads.start();
  look();

  return {
    async attach(index, endpoint) {
      const shard = shards[index];
      if (!shard) throw new Error(`worker ${index} has no thread`);
      await shard.control.attach(endpoint, {
        onLost: (generation) => {
          shard.isAttached = false;
          events.onBrowserLost(index, generation);
        },
        onUnusable: (generation, reason) => events.onBrowserUnusable(index, generation, reason),
        onDoubt: (isDoubted) => {
          // As if it were not there; what runs on it may still end well. Of one that has been given up it comes late.
          if (shard.generation === endpoint.generation) shard.isAttached = !isDoubted;
          events.onChange();
        },
      });
      shard.isAttached = true;
      shard.generation = endpoint.generation;
    },
    detach(index) {
      const shard = shards[index];
      if (!shard) return;
      shard.isAttached = false;
      shard.generation = 0;
    },
    replaceThread: (index) => shards[index]?.thread.end('pool_rebuilt'),
    isReady: () => shards.some((shard) => shard?.isAttached),
    run(job) {
      const shard = pickWorker(shards);
      if (!shard) return failedAtOnce('no worker is attached to a browser');
      const sequence = ++jobCount;
      const task = shard.thread.post({ kind: 'job', job, sequence });
      const pooled = createRunning({ task, control: shard.control, sequence, place: placeOf(shard.index) });
      shard.lastJob = sequence;
      shard.sessions++;
      shard.jobs.add(pooled);
      void pooled.running.released.then(() => {
        shard.jobs.delete(pooled);
        shard.sessions--;
      });
      return pooled.running;
    },
    states: () =>
      shards.map((shard) => ({
        state: shard?.isAttached ? (shard.sessions > 0 ? 'busy' : 'idle') : 'starting',
        sessions: shard?.sessions ?? 0,
      })),
    async destroy() {
      isDestroyed = true;
      cancelLook();
      await threads.destroy();
      for (const shard of shards) shard?.control.close();
    },
  };
}

/** Has the thread load all that it needs and claim a lane. Rejects when it cannot, or takes too long. */
async function claimLane(
  thread: Thread,
  { clock, limitMs }: { readonly clock: Clock; readonly limitMs: number },
): Promise<{ index: number; port: MessagePort }> {
  const endMs = clock.monotonicMs() + limitMs;
  const tooLate = (): never => {
    throw new LimitError(`it was not set up within ${limitMs} ms`);
  };
  for (;;) {
    const { port1, port2 } = new MessageChannel();
    try {
      const setUp = thread.post({ kind: 'init', port: port2 });
      const result = await waitFor<TaskResult, never>(setUp, [limit(clock, endMs - clock.monotonicMs()), tooLate]);
      assert(result.kind === 'init');
      if (result.lane !== -1) return { index: result.lane, port: port1 };
    } catch (error) {
      port1.close();
      throw error;
    }
    port1.close();
    // The lane of the thread that it replaces is not free before that one's exit has been seen.
    await waitFor(null, [limit(clock, CLAIM_RETRY_MS), () => {}]);
  }
}

class LimitError extends Error {}

function failedAtOnce(message: string): Running {
  const outcome = Promise.resolve<Outcome>({ isOk: false, code: 'INTERNAL', message });
  return { outcome, released: outcome.then(() => {}), place: placeOf(0), cancel: () => {} };
}

function placeOf(index: number): Place {
  return { kind: 'worker', index };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
