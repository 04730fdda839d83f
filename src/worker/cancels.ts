/**
 * Main's word that a session has been settled, for whoever runs it. It comes on another channel than the job, so it may
 * come first; then it waits for the job. Runs in a worker thread.
 */
import { createOnce, type End, type Once } from '../wait.js';

export interface Cancels {
  /** The job has come. What is returned happens when the job is cancelled. Sequence numbers only grow. */
  begin(sequence: number): End;
  cancel(sequence: number): void;
  end(sequence: number): void;
}

export function createCancels(): Cancels {
  const running = new Map<number, Once>();
  const early = new Set<number>();
  let last = 0;
  return {
    begin(sequence) {
      last = sequence;
      const cancelled = createOnce();
      if (early.delete(sequence)) cancelled.happen();
      running.set(sequence, cancelled);
      return cancelled;
    },
    cancel(sequence) {
      running.get(sequence)?.happen();
      // A job that has come already and is not running has ended.
      if (sequence > last) early.add(sequence);
    },
    end: (sequence) => void running.delete(sequence),
  };
}
