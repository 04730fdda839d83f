/**
 * A worker as main has it: its thread, the port to it, its jobs, and the browser that it is attached to. It may hold
 * others besides, whose sessions are finishing. In: word from the thread; out: whether it takes sessions, and how many
 * it has. Main thread.
 */
import type { MessagePort } from 'node:worker_threads';
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
  /** It lives, and should be ended. */
  onBrowserUnusable(generation: number, reason: UnusableReason): void;
  /** It takes sessions again, or for a while does not. */
  onChange(): void;
  onFonts(fonts: Fonts): void;
}

/** A job with what goes with it; `onServing`: see `Pool`. */
export type Assigned = Omit<Extract<Task, { readonly kind: 'job' }>, 'kind'> & {
  readonly onServing?: ((path: string) => void) | undefined;
};

export interface PoolWorker extends Candidate {
  readonly index: number;
  readonly thread: Thread;
  /** Attaches it to a browser, which takes the sessions from then on. Rejects when it cannot, or the thread dies. */
  attach(endpoint: PipeEndpoint): Promise<void>;
  /** The browser of this generation takes no sessions any more. */
  detach(generation: number): void;
  /** The egress thread is at the other end of `port` from now on. */
  useEgress(port: MessagePort): void;
  run(assigned: Assigned): Running;
  /** False once it has given no sign of life for too long. */
  isAlive(beats: number): boolean;
  /** Its thread is gone: so are its jobs, after the outcomes that it had sent. */
  abandon(message: string): void;
  close(): void;
}

export function createWorker(
  thread: Thread,
  { index, port }: Claimed,
  { events, nextReady }: { readonly events: WorkerEvents; readonly nextReady: () => number },
): PoolWorker {
  const jobs = new Set<PooledJob>();
  const heartbeat = createHeartbeat();
  const pages = { ready: 0, readyAt: 0 };
  /** The last browser that it was told to attach to; null when that is to take no sessions. */
  let browser: { readonly generation: number; isAttached: boolean; isDoubted: boolean } | null = null;
  let lastJob = 0;

  const control = openControl(port, {
    onReady(ready) {
      if (ready > pages.ready) pages.readyAt = nextReady();
      pages.ready = ready;
    },
    onFonts: events.onFonts,
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
    get sessions() {
      return jobs.size;
    },
    get readyPages() {
      return pages.ready;
    },
    get readyAt() {
      return pages.readyAt;
    },
    get lastJob() {
      return lastJob;
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
          // As if it were not there; what runs on it may still end well.
          attaching.isDoubted = isDoubted;
          events.onChange();
        },
      });
      attaching.isAttached = true;
    },
    detach,
    useEgress: control.useEgress,
    run({ job, sequence, runMs, onServing }) {
      lastJob = sequence;
      const task = thread.post({ kind: 'job', job, sequence, runMs });
      const pooled = createRunning({ task, control, sequence, place: { kind: 'worker', index }, onServing });
      jobs.add(pooled);
      void pooled.running.released.then(() => jobs.delete(pooled));
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
