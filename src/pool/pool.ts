/**
 * The worker threads: the only importer of piscina. In: jobs, and endpoints of browsers; out: outcomes, and word of
 * threads that died. Piscina keeps the threads and carries the tasks; which thread gets a job is decided here, because
 * piscina queues what it cannot place at once, uncounted. Main thread.
 */
import assert from 'node:assert/strict';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Clock } from '../clock.js';
import type { LaneReader } from '../metrics/lane.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { Job, Task, TaskResult } from '../protocol/job.js';
import type { WorkerExitReason } from '../protocol/names.js';
import type { Running } from '../protocol/running.js';
import type { WorkerSetup } from '../protocol/setup.js';
import { type Control, openControl } from './control.js';
import { type Candidate, pickWorker } from './pick.js';
import { createRunning } from './running.js';

/** A thread that needs more has met a page made to exhaust it; its end costs that shard alone. */
const THREAD_HEAP_MB = 512;
/** What a session makes is gone with it; room for more would only be kept: 48 MB a thread by default. */
const THREAD_YOUNG_MB = 12;
const CLAIM_RETRY_MS = 20;
/** How long the pool may be short of threads before it is made anew. */
const SHORT_MS = 2_000;

export interface PoolOptions {
  readonly entry: string;
  readonly workers: number;
  /** Where threads may put files; goes with the server. */
  readonly tempDir: string;
  readonly setup: WorkerSetup;
  /** Lane i is shard i's, whichever thread holds it. */
  readonly lanes: readonly LaneReader[];
  readonly clock: Clock;
  /** Folds what all threads have written; called when one has died, before its lane is freed. */
  readonly drain: () => void;
  readonly onThreadReady: (shard: number) => void;
  readonly onThreadLost: (shard: number, reason: WorkerExitReason) => void;
  readonly onBrowserLost: (shard: number, generation: number) => void;
  /** A context of the shard could not be closed: its browser has to go. */
  readonly onStuck: (shard: number) => void;
  readonly onError: (error: unknown) => void;
}

export interface Pool {
  /** Attaches the shard's worker to a browser. Rejects when it cannot, or when the thread dies meanwhile. */
  attach(shard: number, endpoint: PipeEndpoint): Promise<void>;
  /** The shard's browser has gone: no job goes there until it is attached again. */
  detach(shard: number): void;
  /** Whether `run` may be called: some worker is attached. */
  isReady(): boolean;
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
  readonly threadId: number;
  readonly control: Control;
  isAttached: boolean;
  sessions: number;
  readyPages: number;
  readyAt: number;
  lastJob: number;
}

export function createPool(options: PoolOptions): Pool {
  const shards: (Shard | undefined)[] = Array.from({ length: options.workers });
  let isDestroyed = false;
  let chosen = 0;
  let jobCount = 0;
  let readyCount = 0;
  let cancelShortCheck = (): void => {};

  const post = (piscina: Piscina<Task, TaskResult>, threadId: number, task: Task): Promise<TaskResult> => {
    // `run` asks the balancer before it returns, so this names the thread for this very task.
    chosen = threadId;
    return piscina.run(task, task.kind === 'init' ? { transferList: [task.port] } : {});
  };

  /** The first sign of a thread's end: no job goes there any more. */
  const lost = (threadId: number, reason: WorkerExitReason): void => {
    const shard = shards.find((one) => one?.threadId === threadId);
    if (!shard) return;
    shards[shard.index] = undefined;
    shard.control.close();
    if (!isDestroyed) options.onThreadLost(shard.index, reason);
  };

  const exited = (threadId: number): void => {
    // What it wrote before it died counts; only then may its successor write there.
    options.drain();
    for (const lane of options.lanes) lane.release(threadId);
    cancelShortCheck();
    cancelShortCheck = options.clock.after(SHORT_MS, rebuildWhenShort);
  };

  const welcome = async (piscina: Piscina<Task, TaskResult>, thread: Worker): Promise<void> => {
    const { threadId } = thread;
    watch(thread, { onLost: (reason) => lost(threadId, reason), onExit: () => exited(threadId) });
    for (;;) {
      const { port1, port2 } = new MessageChannel();
      const result = await post(piscina, threadId, { kind: 'init', port: port2 });
      assert(result.kind === 'init');
      if (result.lane !== -1) {
        const none = { isAttached: false, sessions: 0, readyPages: 0, readyAt: 0, lastJob: 0 };
        const control = openControl(port1, (pages) => {
          if (pages > shard.readyPages) shard.readyAt = ++readyCount;
          shard.readyPages = pages;
        });
        const shard: Shard = { index: result.lane, threadId, control, ...none };
        shards[result.lane] = shard;
        options.onThreadReady(result.lane);
        return;
      }
      // The lane of the thread that it replaces is not free before that one's exit has been seen.
      port1.close();
      await new Promise<void>((resolve) => options.clock.after(CLAIM_RETRY_MS, resolve));
    }
  };

  const build = (): Piscina<Task, TaskResult> => {
    const piscina: Piscina<Task, TaskResult> = new Piscina<Task, TaskResult>({
      filename: options.entry,
      minThreads: options.workers,
      maxThreads: options.workers,
      concurrentTasksPerWorker: Number.MAX_SAFE_INTEGER,
      maxQueue: 0,
      // Its default blocks an idle worker's event loop, timers and browser included.
      atomics: 'disabled',
      trackUnmanagedFds: false,
      recordTiming: false,
      // Nothing of ours: least of all the token. Playwright keeps a folder for each browser that it is attached to.
      env: { TMPDIR: options.tempDir },
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB, maxYoungGenerationSizeMb: THREAD_YOUNG_MB },
      workerData: options.setup,
      loadBalancer: (_task, workers) => {
        const worker = workers.find(({ id }) => id === chosen);
        // With null piscina would queue the task for whichever thread comes next.
        assert(worker, 'the thread chosen is gone');
        return worker;
      },
    });
    piscina.on('error', options.onError);
    piscina.on('workerCreate', ({ id }: { id: number }) => {
      const thread = piscina.threads.find((one) => one.threadId === id);
      // A moment later, because piscina tells of a thread before it would give it a task. One that dies while it is set
      // up is replaced like any other; its end has been reported by then.
      queueMicrotask(() => {
        if (thread) welcome(piscina, thread).catch((error: unknown) => isDestroyed || options.onError(error));
      });
    });
    return piscina;
  };

  let piscina = build();

  /** Piscina never again replaces a thread once a replacement has failed while loading. */
  function rebuildWhenShort(): void {
    if (isDestroyed || piscina.threads.length >= options.workers) return;
    options.onError(new Error('the pool was short of threads and is made anew'));
    const old = piscina;
    void old.destroy().finally(() => {
      if (!isDestroyed) piscina = build();
    });
  }

  return {
    async attach(index, endpoint) {
      const shard = shards[index];
      if (!shard) throw new Error(`shard ${index} has no thread`);
      await shard.control.attach(endpoint, (generation) => {
        shard.isAttached = false;
        options.onBrowserLost(index, generation);
      });
      shard.isAttached = true;
    },
    detach(index) {
      const shard = shards[index];
      if (shard) shard.isAttached = false;
    },
    isReady: () => shards.some((shard) => shard?.isAttached),
    run(job) {
      const shard = pickWorker(shards);
      assert(shard, 'run is called only while a worker is attached');
      shard.sessions++;
      const sequence = ++jobCount;
      shard.lastJob = sequence;
      const running = createRunning({
        task: post(piscina, shard.threadId, { kind: 'job', job, sequence }),
        control: shard.control,
        sequence,
        worker: shard.index,
        onStuck: () => options.onStuck(shard.index),
      });
      void running.released.then(() => {
        shard.sessions--;
      });
      return running;
    },
    states: () =>
      shards.map((shard) => ({
        state: shard?.isAttached ? (shard.sessions > 0 ? 'busy' : 'idle') : 'starting',
        sessions: shard?.sessions ?? 0,
      })),
    async destroy() {
      isDestroyed = true;
      cancelShortCheck();
      await piscina.destroy();
      for (const shard of shards) shard?.control.close();
    },
  };
}

/** An uncaught error comes some time before the exit that it causes; piscina gives the thread up at the first. */
function watch(
  thread: Worker,
  told: { readonly onLost: (reason: WorkerExitReason) => void; readonly onExit: () => void },
): void {
  thread.once('error', (error: NodeJS.ErrnoException) => {
    told.onLost(error?.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out_of_memory' : 'error');
  });
  thread.once('exit', () => {
    told.onLost('exit');
    told.onExit();
  });
}
