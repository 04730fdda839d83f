/**
 * A job on a thread, as promises: the outcome comes on the job's own port, the end of its context as the end of the
 * task, and the death of the thread as the task's rejection. Main thread.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Cancel, Outcome, TaskResult } from '../protocol/job.js';
import type { Running } from '../protocol/running.js';

export function createRunning(options: {
  readonly task: Promise<TaskResult>;
  readonly port: MessagePort;
  readonly worker: number;
  readonly onStuck: () => void;
}): Running {
  const { task, port, worker } = options;
  let settle = (_outcome: Outcome): void => {};
  const outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  port.once('message', settle);
  const end = (fallback: Outcome): void => {
    // Two channels have no order between them: the outcome may lie on its port still, also when the thread is dead.
    const waiting: { message: Outcome } | undefined = receiveMessageOnPort(port);
    settle(waiting?.message ?? fallback);
    port.close();
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
  return {
    outcome,
    released,
    worker,
    cancel() {
      const cancel: Cancel = { kind: 'cancel' };
      port.postMessage(cancel);
    },
  };
}
