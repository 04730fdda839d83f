/**
 * A worker as main has it: its thread, the port to it, its jobs, and the browser that it is attached to. It may be
 * attached to older browsers too, whose sessions are finishing. In: word from the thread; out: whether it takes
 * sessions, and how many it has. Main thread.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../clock.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { Fonts, Task } from '../protocol/job.js';
import type { UnusableReason } from '../protocol/names.js';
import type { Running } from '../protocol/session.js';
import { openControl } from './control.js';
import { createHeartbeat } from './heartbeat.js';
import type { Candidate } from './pick.js';
import { createRunning, type PooledJob } from './running.js';
import type { Claimed } from './setup.js';
import type { Thread } from './threads.js';

export interface WorkerEvents {
  onBrowserLost(generation: number): void;
  /** The browser lives, and should be ended. */
  onBrowserUnusable(generation: number, reason: UnusableReason): void;
  /** The worker takes sessions again, or stops taking them for a while. */
  onChange(): void;
  onFonts(fonts: Fonts): void;
}

/** A job with what goes with it; `onServing`: see `Pool`. */
export type Assigned = Omit<Extract<Task, { readonly kind: 'job' }>, 'kind'> & {
  readonly onServing?: ((path: string) => void) | undefined;
};

export interface WorkerOptions {
  readonly events: WorkerEvents;
  /** The next number in the order in which pages of all workers become ready. */
  readonly nextReady: () => number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export interface PoolWorker extends Candidate {
  readonly index: number;
  readonly thread: Thread;
  /**
   * Attaches it to a browser, to which new sessions go from then on. Rejects when it cannot attach, or the thread dies.
   */
  attach(endpoint: PipeEndpoint): Promise<void>;
  /** No new sessions go to the browser of this generation. */
  detach(generation: number): void;
  /** From now on the egress thread is at the other end of `port`. */
  useEgress(port: MessagePort): void;
  run(assigned: Assigned): Running;
  /** False when it has given no sign of life for too long. */
  isAlive(beats: number): boolean;
  /** The thread has gone. The outcomes that it had sent are told first, then its other jobs end as well. */
  abandon(message: string): void;
  close(): void;
}

export function createWorker(
  thread: Thread,
  { index, port }: Claimed,
  { events, nextReady, clock }: WorkerOptions,
): PoolWorker {
  const jobs = new Set<PooledJob>();
  const heartbeat = createHeartbeat();
  const pages = { ready: 0, readyAt: 0 };
  /** The newest browser that it was told to attach to; null when no sessions may go to that one. */
  let browser: { readonly generation: number; isAttached: boolean; isDoubted: boolean } | null = null;
  const book: Book = { live: 0, closing: 0, jobs: 0, lastJob: 0, heardMs: 0 };
  let isLoading = false;

  const control = openControl(port, {
    onReady(ready) {
      if (ready > pages.ready) pages.readyAt = nextReady();
      pages.ready = ready;
    },
    onFonts: events.onFonts,
    onLoading(isTrue) {
      isLoading = isTrue;
      heartbeat.setLoading(isTrue);
    },
  });
  const detach = (generation: number): void => {
    if (browser?.generation === generation) browser = null;
  };

  return {
    index,
    thread,
    get isAttached() {
      return browser?.isAttached === true && !browser.isDoubted;
    },
    get isLoading() {
      return isLoading;
    },
    get sessions() {
      return jobs.size;
    },
    get closing() {
      return book.closing;
    },
    get jobs() {
      return book.jobs;
    },
    get readyPages() {
      return pages.ready;
    },
    get readyAt() {
      return pages.readyAt;
    },
    get lastJob() {
      return book.lastJob;
    },
    get silentMs() {
      return clock.monotonicMs() - book.heardMs;
    },
    async attach(endpoint) {
      const attaching = { generation: endpoint.generation, isAttached: false, isDoubted: false };
      browser = attaching;
      await control.attach(endpoint, {
        onLost(generation) {
          detach(generation);
          events.onBrowserLost(generation);
        },
        onUnusable: events.onBrowserUnusable,
        onDoubt(isDoubted) {
          // It counts as missing meanwhile. What runs on it may still end well.
          attaching.isDoubted = isDoubted;
          events.onChange();
        },
      });
      attaching.isAttached = true;
    },
    detach,
    useEgress: control.useEgress,
    run({ job, sequence, runMs, onServing }) {
      const isJob = job.kind !== 'cdp';
      if (isJob) book.lastJob = sequence;
      const task = thread.post({ kind: 'job', job, sequence, runMs });
      const pooled = createRunning({ task, control, sequence, place: { kind: 'worker', index }, onServing });
      jobs.add(pooled);
      void pooled.running.released.then(() => jobs.delete(pooled));
      enter(book, pooled.running, { isJob, clock });
      return pooled.running;
    },
    isAlive: heartbeat.isAlive,
    abandon(message) {
      control.close();
      for (const job of jobs) job.abandon(message);
    },
    close: control.close,
  };
}

/** Its sessions, as whoever picks a worker has to know them. */
interface Book {
  /** Those without an outcome. */
  live: number;
  closing: number;
  jobs: number;
  lastJob: number;
  /** When it last gave an outcome, or got a session while it had none to give. */
  heardMs: number;
}

function enter(
  book: Book,
  { outcome, released }: Running,
  { isJob, clock }: { readonly isJob: boolean; readonly clock: Pick<Clock, 'monotonicMs'> },
): void {
  if (book.live++ === 0) book.heardMs = clock.monotonicMs();
  if (isJob) book.jobs++;
  void outcome.then(() => {
    book.live--;
    book.closing++;
    book.heardMs = clock.monotonicMs();
  });
  void released.then(() => {
    book.closing--;
    if (isJob) book.jobs--;
  });
}
