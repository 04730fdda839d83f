/**
 * A job on a thread, as promises: the outcome comes on the shard's control port, the end of its context as the end of
 * the task, and the death of the thread as the task's rejection. Main thread.
 */
import type { Outcome, TaskResult } from '../protocol/job.js';
import type { Running } from '../protocol/running.js';
import type { Control } from './control.js';

export function createRunning(options: {
  readonly task: Promise<TaskResult>;
  readonly control: Control;
  readonly sequence: number;
  readonly worker: number;
  readonly onStuck: () => void;
}): Running {
  const { task, control, sequence, worker } = options;
  let settle = (_outcome: Outcome): void => {};
  const outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  control.expect(sequence, settle);
  const end = (fallback: Outcome): void => {
    control.conclude(sequence);
    settle(fallback);
  };
  const released = task.then(
    (result) => {
      end({ isOk: false, code: 'SESSION_KILLED', message: 'the session was ended' });
      if (result.kind === 'job' && !result.isClosed) options.onStuck();
    },
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      end({ isOk: false, code: 'WORKER_CRASHED', message: `the worker died: ${message}` });
    },
  );
  return { outcome, released, worker, cancel: () => control.cancel(sequence) };
}
