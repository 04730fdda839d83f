/**
 * Threads that have been started and do not work yet: each loads all that it needs and claims a lane, within a limit
 * that grows for machines that are slow. Main thread.
 */
import assert from 'node:assert/strict';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Clock } from '../clock.js';
import type { TaskResult } from '../protocol/job.js';
import { limit, waitFor } from '../wait.js';
import type { Thread } from './threads.js';

const CLAIM_RETRY_MS = 20;
/** For a thread to load all that it needs and claim its lane; twice as long after each that did not come to that. */
const LIMIT_MS = 15_000;
/** A machine on which it takes longer has other troubles. */
const LIMIT_MS_MAX = 120_000;

export interface SetupOptions {
  readonly clock: Clock;
  /** Its lane is that of this shard, and the port leads to it. */
  readonly onReady: (thread: Thread, claimed: Claimed) => void;
  readonly onFailed: (thread: Thread, message: string) => void;
}

export interface Claimed {
  readonly index: number;
  readonly port: MessagePort;
}

export interface Setup {
  /** A thread has been started. One of the two is told of it. */
  welcome(thread: Thread): Promise<void>;
  /** It is gone, whether it was known here or not. */
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
        // Or a machine that is merely slow would never see one set up.
        if (error instanceof LimitError) limitMs = Math.min(2 * limitMs, LIMIT_MS_MAX);
        onFailed(thread, error instanceof Error ? error.message : String(error));
      }
    },
    lost: (threadId) => void newcomers.delete(threadId),
  };
}

/** Rejects when it cannot, or takes too long. */
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
    // The lane of the thread that it replaces is not free before that one's exit has been seen.
    await waitFor(null, [limit(clock, CLAIM_RETRY_MS), () => {}]);
  }
}

class LimitError extends Error {}
