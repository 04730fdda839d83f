/**
 * What piscina loads in each worker thread. Its top level does nothing that can fail, because a replacement that fails
 * while it loads would stop piscina from replacing threads for good. The first task loads everything else.
 */
import type { Task, TaskResult } from '../protocol/job.js';
import type { WorkerThread } from './thread.js';

export default createEntry();

function createEntry(): (task: Task) => Promise<TaskResult> {
  let thread: Promise<WorkerThread> | null = null;
  return async (task) => {
    thread ??= import('./thread.js').then(({ createWorkerThread }) => createWorkerThread());
    const ready = await thread;
    return task.kind === 'init' ? await ready.init(task.port) : await ready.run(task);
  };
}
