/**
 * What piscina loads in each worker thread. It does nothing at its top level that can fail: a replacement thread that
 * fails while loading would stop piscina from replacing threads for good. Everything else is loaded by the first task.
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
