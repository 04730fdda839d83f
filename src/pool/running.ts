/**
 * A job on a thread, as promises. Its outcome comes on the shard's control port. The end of its context is the end of
 * the task. The pool tells of the death of the thread. Main thread.
 */
import type { FailureCode } from '../failures.js';
import type { Outcome, Progress, TaskResult } from '../protocol/job.js';
import type { Place, Running, Standing } from '../protocol/session.js';
import type { Control } from './control.js';

export interface PooledJob {
  readonly running: Running;
  /** The thread has gone, with all that it had. */
  abandon(message: string): void;
}

export function createRunning(options: {
  readonly task: Promise<TaskResult>;
  readonly control: Control;
  readonly sequence: number;
  readonly place: Place;
  readonly onServing?: ((path: string) => void) | undefined;
}): PooledJob {
  const { task, control, sequence, place } = options;
  let settle = (_outcome: Outcome): void => {};
  let release = (): void => {};
  const outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let standing: Standing = { phase: 'context', past: {}, status: null, exit: null, client: null };
  control.expect(sequence, {
    settle,
    advance(progress) {
      if (progress.kind === 'serving') options.onServing?.(progress.path);
      else standing = advanced(standing, progress);
    },
  });
  /** Only the first end counts, because a thread that is lost also ends its tasks. */
  const end = (code: FailureCode, message: string): void => {
    control.conclude(sequence);
    settle({ isOk: false, code, message });
    release();
  };
  task.then(
    // When main has settled a session and ended it, no outcome comes, and this one goes to nobody.
    () => end('INTERNAL', 'the session ended without an outcome'),
    (error: unknown) => end('WORKER_CRASHED', `the worker died: ${error instanceof Error ? error.message : error}`),
  );
  return {
    running: { outcome, released, place, standing: () => standing, cancel: () => control.cancel(sequence) },
    abandon: (message) => end('WORKER_CRASHED', `the worker died: ${message}`),
  };
}

function advanced(standing: Standing, progress: Exclude<Progress, { readonly kind: 'serving' }>): Standing {
  if (progress.kind === 'answered') return { ...standing, status: progress.status };
  if (progress.kind === 'client') return { ...standing, client: progress.client };
  const past = { ...standing.past, [standing.phase]: progress.beforeMs };
  const { phase, exit, client } = progress;
  return { ...standing, phase, past, exit, client };
}
