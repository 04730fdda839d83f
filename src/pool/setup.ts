/**
 * Threads that have been started and do not work yet. Each loads all that it needs and claims a lane. The time limit
 * for that grows on slow machines. Main thread.
 */
import assert from 'node:assert/strict';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Clock } from '../clock.js';
import type { TaskResult } from '../protocol/job.js';
import { limit, waitFor } from '../wait.js';
import type { Thread } from './threads.js';

const CLAIM_RETRY_MS = 20;
/**
 * The time in which a thread must load all that it needs and claim its lane. It doubles after each thread that did not
 * manage.
 */
const LIMIT_MS = 15_000;
/** A machine that takes longer has other troubles. */
const LIMIT_MS_MAX = 120_000;

export interface SetupOptions {
  readonly clock: Clock;
  /** The thread holds the lane of this shard, and the port leads to the thread. */
  readonly onReady: (thread: Thread, claimed: Claimed) => void;
  readonly onFailed: (thread: Thread, message: string) => void;
}

export interface Claimed {
  readonly index: number;
  readonly port: MessagePort;
}

export interface Setup {
  /** Sets up a thread that was started. Then one of the two callbacks is called. */
  welcome(thread: Thread): Promise<void>;
  /** The thread has gone, whether it was known here or not. */
  lost(threadId: number): void;
}

export function createSetup({ clock, onReady, onFailed }: SetupOptions): Setup {
  const newcomers = new Set<number>();
  let limitMs = LIMIT_MS;
  return {
    async welcome(thread) {
      newcomers.add(thread.id);
      try {
        const claimed = await claimLane(thread, { clock, limitMs });
        if (!newcomers.delete(thread.id)) throw new Error('it ended while it was set up');
        limitMs = LIMIT_MS;
        onReady(thread, claimed);
      } catch (error) {
        // Otherwise no thread would ever be set up on a machine that is merely slow.
        if (error instanceof LimitError) limitMs = Math.min(2 * limitMs, LIMIT_MS_MAX);
        onFailed(thread, error instanceof Error ? error.message : String(error));
      }
    },
    lost: (threadId) => void newcomers.delete(threadId),
  };
}

/** Rejects when the thread cannot claim a lane, or takes too long. */
async function claimLane(
  thread: Thread,
  { clock, limitMs }: { readonly clock: Clock; readonly limitMs: number },
): Promise<Claimed> {
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
    // The lane becomes free only once the exit of the thread before has been seen.
    await waitFor(null, [limit(clock, CLAIM_RETRY_MS), () => {}]);
  }
}

class LimitError extends Error {}
