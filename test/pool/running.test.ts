/**
 * A job's two promises, whichever sign of its thread comes first.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Control } from '../../src/pool/control.js';
import { createRunning } from '../../src/pool/running.js';
import type { Outcome, Progress, TaskResult } from '../../src/protocol/job.js';
import { deadline } from '../deadline.js';

const test = suite('pool/running');

function scene() {
  let settleTask = (_result: TaskResult): void => {};
  let failTask = (_error: Error): void => {};
  const task = new Promise<TaskResult>((resolve, reject) => {
    settleTask = resolve;
    failTask = reject;
  });
  let tell = (_outcome: Outcome): void => {};
  let advance = (_progress: Progress): void => {};
  const cancelled: number[] = [];
  const control: Control = {
    attach: async () => {},
    expect: (_sequence, told) => {
      tell = told.settle;
      advance = told.advance;
    },
    conclude: () => {},
    cancel: (sequence) => void cancelled.push(sequence),
    useEgress: () => {},
    close: () => {},
  };
  const { running, abandon } = createRunning({ task, control, sequence: 7, place: { kind: 'worker', index: 1 } });
  const codeOf = async (): Promise<string> => {
    const outcome = await deadline(running.outcome, 1_000, 'the outcome');
    return outcome.isOk ? 'ok' : `${outcome.code}: ${outcome.message}`;
  };
  const told = { tell: (outcome: Outcome) => tell(outcome), advance: (progress: Progress) => advance(progress) };
  return { running, abandon, settleTask, failTask, ...told, codeOf, cancelled };
}

test('a task that ends without an outcome is a bug of ours, and not told as ended by an operator', async () => {
  const { running, settleTask, codeOf } = scene();
  settleTask({ kind: 'job' });
  assert.is(await codeOf(), 'INTERNAL: the session ended without an outcome');
  await deadline(running.released, 1_000, 'the release');
});

test('an outcome that was told stays, however its task ends', async () => {
  const { running, settleTask, tell, codeOf } = scene();
  tell({ isOk: false, code: 'STEP_TIMEOUT', message: 'late' });
  settleTask({ kind: 'job' });
  await deadline(running.released, 1_000, 'the release');
  assert.is(await codeOf(), 'STEP_TIMEOUT: late');
});

test('it stands where it was last told, its client too', () => {
  const { running, advance } = scene();
  assert.equal(running.standing(), { phase: 'context', past: {}, status: null, exit: null, client: null });
  advance({ kind: 'phase', phase: 'run', beforeMs: 5, exit: 3, client: null });
  advance({ kind: 'client', client: { heardAtMs: 1, hosts: [] } });
  advance({ kind: 'client', client: { heardAtMs: 2, hosts: ['a.example'] } });
  advance({ kind: 'answered', status: 404 });
  const client = { heardAtMs: 2, hosts: ['a.example'] };
  assert.equal(running.standing(), { phase: 'run', past: { context: 5 }, status: 404, exit: 3, client });
});

test('a task that cannot even be posted ends as the death of its worker, and frees its slot', async () => {
  const { running, failTask, codeOf } = scene();
  failTask(new Error('the thread chosen is gone'));
  assert.is(await codeOf(), 'WORKER_CRASHED: the worker died: the thread chosen is gone');
  await deadline(running.released, 1_000, 'the release');
});

test('a thread that is lost ends it at once, though its task never settles', async () => {
  const { running, abandon, codeOf, cancelled } = scene();
  abandon('it gave no sign of life');
  assert.is(await codeOf(), 'WORKER_CRASHED: the worker died: it gave no sign of life');
  await deadline(running.released, 1_000, 'the release');
  running.cancel();
  assert.equal(cancelled, [7]);
});

test.run();
