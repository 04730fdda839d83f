/**
 * What the threads of `threads.test.ts` load. It does what the task's path says, and cannot be loaded while the file
 * exists that `workerData` names.
 */

import { existsSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { Task, TaskResult } from '../../src/protocol/job.js';

if (existsSync(String(workerData.blocker))) throw new Error('not to be loaded');

export default async function run(task: Task): Promise<TaskResult> {
  const what = task.kind === 'job' && task.job.kind === 'content' ? task.job.body.html : 'init';
  if (what === 'exit') process.exit(3);
  if (what === 'spin') for (;;);
  if (what === 'throw') throw new Error('thrown by the task');
  return { kind: 'job' };
}
