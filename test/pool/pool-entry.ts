/**
 * What the threads of `pool.test.ts` load. It claims its lane, answers what main asks of a worker, and does what a
 * job's page says. Clients stay.
 */

import { type MessagePort, threadId, workerData } from 'node:worker_threads';
import { claimLane } from '../../src/metrics/lane.js';
import type { ControlMessage, ControlReply, Task, TaskResult } from '../../src/protocol/job.js';
import type { WorkerSetup } from '../../src/protocol/setup.js';

const setup: WorkerSetup = workerData;
const held: { port: MessagePort | null } = { port: null };

export default async function run(task: Task): Promise<TaskResult> {
  if (task.kind === 'init') {
    const lane = claimLane(setup.lanes, setup.laneShape, threadId);
    held.port = task.port;
    task.port.on('message', (message: ControlMessage) => {
      if (message.kind === 'attach') say({ kind: 'attached', generation: message.endpoint.generation });
    });
    return { kind: 'init', lane, threadId };
  }
  const what = task.job.kind === 'content' ? task.job.body.html : 'hang';
  if (what === 'exit') process.exit(3);
  if (what === 'hang') await new Promise(() => {});
  say({
    kind: 'outcome',
    sequence: task.sequence,
    outcome: { isOk: false, code: 'SESSION_FAILED', message: what ?? '' },
  });
  return { kind: 'job' };
}

function say(reply: ControlReply): void {
  held.port?.postMessage(reply);
}
