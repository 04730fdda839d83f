/**
 * The threads themselves: it keeps as many as there should be. In: tasks for a thread by its id; out: word of threads
 * that came and went. Piscina starts them and carries their tasks, and never replaces one. It would give up for good
 * after one replacement that failed to load. And it would start replacements within the event of a death, where a
 * thread that cannot be started ends the process. So free places are filled here, by another piscina, tried for ever.
 * The only importer of piscina; main thread.
 */
import assert from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Clock } from '../clock.js';
import type { Task, TaskResult } from '../protocol/job.js';
import type { WorkerExitReason } from '../protocol/names.js';
import type { WorkerSetup } from '../protocol/setup.js';

/** What a session makes is garbage when it ends. More room would only be kept: 48 MB a thread by default. */
const THREAD_YOUNG_MB = 12;
const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_LAST_MS = 5_000;

export interface ThreadsOptions {
  readonly entry: string;
  readonly count: number;
  /** Where threads may put files; removed with the server. */
  readonly tempDir: string;
  readonly heapMb: number;
  readonly setup: WorkerSetup;
  readonly clock: Clock;
  readonly events: ThreadEvents;
}

/** Each is told of a thread at most once. `onLost` comes before `onExit`, and `onExit` always comes. */
export interface ThreadEvents {
  onStarted(thread: Thread): void;
  /** The first sign of the thread's end: it takes no task any more. `stack` belongs to the error that it threw. */
  onLost(threadId: number, reason: WorkerExitReason, message: string, stack?: string): void;
  /** The thread writes nothing any more. */
  onExit(threadId: number): void;
  /** A thread could not be started. It is tried again, with growing pauses. */
  onUnstartable(error: unknown): void;
}

export interface Thread {
  readonly id: number;
  /** Rejects when the task throws, or the thread has gone. Never throws. */
  post(task: Task): Promise<TaskResult>;
  /** Ends the thread, whatever it is doing. Its sessions are told `reason`. */
  end(reason: WorkerExitReason): void;
}

export interface Threads {
  /** Starts the first threads at once, all in one piscina. */
  start(): void;
  /** Says that a thread works, so the next lost one is replaced at once. */
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
      // One at a time: when a piscina fails to start one of several, those it had started before would belong to
      // nobody.
      while (!isDestroyed && aliveCount < options.count) open(1);
    } catch (error) {
      events.onUnstartable(error);
      fillLater();
    }
  };

  const fillLater = (): void => {
    if (isDestroyed || cancelFill) return;
    // At once the first time: most threads die of what they were given, and the next one will work.
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
    // Before piscina's own listener, which would replace the thread.
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
        // Told at once, because nobody needs to wait for a thread that is being ended.
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

/** What sessions are told when main ends their thread. */
const ENDED: Readonly<Partial<Record<WorkerExitReason, string>>> = {
  unresponsive: 'it gave no sign of life',
  pool_rebuilt: 'it could not be set up',
};

interface Pool {
  readonly piscina: Piscina<Task, TaskResult>;
  post(threadId: number, task: Task): Promise<TaskResult>;
  /** One of its threads is lost, and it must not replace it. */
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
    // The default blocks an idle worker's event loop, timers and browser included.
    atomics: 'disabled',
    // Otherwise it would end idle threads, once it has more of them than `minThreads`.
    idleTimeout: Number.POSITIVE_INFINITY,
    trackUnmanagedFds: false,
    recordTiming: false,
    // Nothing of ours goes there: above all not the token.
    env: { TMPDIR: options.tempDir },
    resourceLimits: { maxOldGenerationSizeMb: options.heapMb, maxYoungGenerationSizeMb: THREAD_YOUNG_MB },
    workerData: options.setup,
    loadBalancer: (_task, workers) => {
      const worker = workers.find(({ id }) => id === chosen);
      // With null, piscina would queue the task for any thread.
      assert(worker, 'the thread chosen is gone');
      return worker;
    },
  });
  // An error of a thread without a task; `onLost` has told of it.
  piscina.on('error', () => {});
  return {
    piscina,
    // `run` asks the balancer before it returns, so this names the thread of this very task. Because the function is
    // async, an error that it throws becomes a rejection.
    async post(threadId, task) {
      chosen = threadId;
      return await piscina.run(task, task.kind === 'init' ? { transferList: [task.port] } : {});
    },
    replaceNone() {
      piscina.options.minThreads--;
    },
  };
}
