/**
 * The threads themselves: as many as there are to be, whatever happens to them. In: tasks for a thread by its id; out:
 * word of threads that came and went. Piscina starts them and carries their tasks, and never replaces one: it gives up
 * for good once a replacement has failed to load, and it would start one within the event that told of a death, where a
 * thread that cannot be started ends the process. A place that is free is filled here, by another piscina, for as long
 * as it takes. The only importer of piscina; main thread.
 */
import assert from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Clock } from '../clock.js';
import type { Task, TaskResult } from '../protocol/job.js';
import type { WorkerExitReason } from '../protocol/names.js';
import type { WorkerSetup } from '../protocol/setup.js';

/** What a session makes is gone with it; room for more would only be kept: 48 MB a thread by default. */
const THREAD_YOUNG_MB = 12;
const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_LAST_MS = 5_000;

export interface ThreadsOptions {
  readonly entry: string;
  readonly count: number;
  /** Where threads may put files; goes with the server. */
  readonly tempDir: string;
  readonly heapMb: number;
  readonly setup: WorkerSetup;
  readonly clock: Clock;
  readonly events: ThreadEvents;
}

/** Each is told of a thread at most once, `onLost` always before `onExit`, which is certain to come. */
export interface ThreadEvents {
  onStarted(thread: Thread): void;
  /** The first sign of its end: it takes no task any more. */
  /** `stack` is that of what it has thrown. */
  onLost(threadId: number, reason: WorkerExitReason, message: string, stack?: string): void;
  /** It writes nothing any more. */
  onExit(threadId: number): void;
  /** A thread could not be started, which is tried again, more and more seldom. */
  onUnstartable(error: unknown): void;
}

export interface Thread {
  readonly id: number;
  /** Rejects when the task throws, or the thread is gone. Never throws. */
  post(task: Task): Promise<TaskResult>;
  /** Ends it, whatever it is doing; `reason` is what is told of it. */
  end(reason: WorkerExitReason): void;
}

export interface Threads {
  /** The first are started at once, all in one piscina. */
  start(): void;
  /** A thread has been found to work: what is lost next is replaced at once. */
  worked(): void;
  destroy(): Promise<void>;
}

export function createThreads(options: ThreadsOptions): Threads {
  const { events, clock } = options;
  const pools = new Set<Pool>();
  let aliveCount = 0;
  let failures = 0;
  let isDestroyed = false;
  let cancelFill: (() => void) | null = null;

  const fill = (): void => {
    cancelFill = null;
    try {
      // One at a time: of several, those started before one that cannot be would be nobody's.
      while (!isDestroyed && aliveCount < options.count) open(1);
    } catch (error) {
      events.onUnstartable(error);
      fillLater();
    }
  };

  const fillLater = (): void => {
    if (isDestroyed || cancelFill) return;
    // At once the first time: most threads die of what they were given, and the next will do.
    const ms = failures === 0 ? 0 : Math.min(BACK_OFF_FIRST_MS * 2 ** (failures - 1), BACK_OFF_LAST_MS);
    failures++;
    cancelFill = clock.after(ms, fill);
  };

  const open = (count: number): void => {
    const pool = newPool(options, count);
    pools.add(pool);
    for (const worker of pool.piscina.threads) adopt(pool, worker);
  };

  const adopt = (pool: Pool, worker: Worker): void => {
    const id = worker.threadId;
    let isLost = false;
    const lost = (reason: WorkerExitReason, message: string, stack?: string): void => {
      if (isLost) return;
      isLost = true;
      aliveCount--;
      pool.replaceNone();
      events.onLost(id, reason, message, stack);
      fillLater();
    };
    aliveCount++;
    // Before piscina's own, which would replace it.
    worker.prependOnceListener('error', (error: NodeJS.ErrnoException) => {
      const isMemory = error?.code === 'ERR_WORKER_OUT_OF_MEMORY';
      lost(isMemory ? 'out_of_memory' : 'error', error?.message ?? String(error), error?.stack);
    });
    worker.prependOnceListener('exit', (code) => {
      lost('exit', `it ended with code ${code}`);
      events.onExit(id);
      if (pool.piscina.options.minThreads === 0) pools.delete(pool);
    });
    events.onStarted({
      id,
      post: (task) => pool.post(id, task),
      end(reason) {
        // At once: nobody need wait for a thread that is as good as dead.
        lost(reason, ENDED[reason] ?? reason);
        void worker.terminate();
      },
    });
  };

  return {
    start: () => open(options.count),
    worked() {
      failures = 0;
    },
    async destroy() {
      isDestroyed = true;
      cancelFill?.();
      await Promise.all([...pools].map((pool) => pool.piscina.destroy()));
    },
  };
}

/** Why a thread is ended from here, for its sessions. */
const ENDED: Readonly<Partial<Record<WorkerExitReason, string>>> = {
  unresponsive: 'it gave no sign of life',
  pool_rebuilt: 'it could not be set up',
};

interface Pool {
  readonly piscina: Piscina<Task, TaskResult>;
  post(threadId: number, task: Task): Promise<TaskResult>;
  /** One of its threads is lost, and is not to be replaced by it. */
  replaceNone(): void;
}

/** @throws {Error} when a thread cannot be started. */
function newPool(options: ThreadsOptions, count: number): Pool {
  let chosen = 0;
  const piscina: Piscina<Task, TaskResult> = new Piscina<Task, TaskResult>({
    filename: options.entry,
    minThreads: count,
    maxThreads: count,
    concurrentTasksPerWorker: Number.MAX_SAFE_INTEGER,
    maxQueue: 0,
    // Its default blocks an idle worker's event loop, timers and browser included.
    atomics: 'disabled',
    // Or it would end idle threads as soon as there are more than it is to replace.
    idleTimeout: Number.POSITIVE_INFINITY,
    trackUnmanagedFds: false,
    recordTiming: false,
    // Nothing of ours: least of all the token.
    env: { TMPDIR: options.tempDir },
    resourceLimits: { maxOldGenerationSizeMb: options.heapMb, maxYoungGenerationSizeMb: THREAD_YOUNG_MB },
    workerData: options.setup,
    loadBalancer: (_task, workers) => {
      const worker = workers.find(({ id }) => id === chosen);
      // With null piscina would queue the task for whichever thread comes next.
      assert(worker, 'the thread chosen is gone');
      return worker;
    },
  });
  // An error of a thread that had no task; `onLost` has told of it.
  piscina.on('error', () => {});
  return {
    piscina,
    // `run` asks the balancer before it returns, so this names the thread for this very task. What it throws, if it
    // does, is a rejection like any other.
    async post(threadId, task) {
      chosen = threadId;
      return await piscina.run(task, task.kind === 'init' ? { transferList: [task.port] } : {});
    },
    replaceNone() {
      piscina.options.minThreads--;
    },
  };
}
