/**
 * A worker as main has it, over a real port and a thread that does nothing: new sessions go to the right browser,
 * whatever is told of others.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MISSES_MAX } from '../../src/pool/heartbeat.js';
import type { Thread } from '../../src/pool/threads.js';
import { createWorker, type PoolWorker } from '../../src/pool/worker.js';
import type { CdpJob } from '../../src/protocol/cdp.js';
import type { ControlMessage, ControlReply, TaskResult } from '../../src/protocol/job.js';
import { deadline, until } from '../deadline.js';

interface Scene {
  worker: PoolWorker;
  /** The thread's end. */
  port: MessagePort;
  heard: ControlMessage[];
  told: string[];
  nowMs: number;
  endTask: (result: TaskResult) => void;
}

const test = suite<Scene>('pool/worker');
const WAIT_MS = 5_000;
const endpoint = (generation: number) => ({
  generation,
  pid: 0,
  readPath: '',
  writePath: '',
  artifactsDir: '',
  homeDir: '',
});

test.before.each((scene) => {
  const { port1, port2 } = new MessageChannel();
  scene.port = port2;
  scene.heard = [];
  scene.told = [];
  scene.nowMs = 0;
  port2.on('message', (message: ControlMessage) => scene.heard.push(message));
  const thread: Thread = {
    id: 1,
    post: () => new Promise((resolve) => (scene.endTask = resolve)),
    end: () => {},
  };
  scene.worker = createWorker(
    thread,
    { index: 3, port: port1 },
    {
      clock: { monotonicMs: () => scene.nowMs },
      nextReady: () => 1,
      events: {
        onBrowserLost: (generation) => scene.told.push(`lost ${generation}`),
        onBrowserUnusable: (generation, reason) => scene.told.push(`${reason} ${generation}`),
        onChange: () => scene.told.push('change'),
        onFonts: () => {},
      },
    },
  );
});
test.after.each(({ worker, port }) => {
  worker.close();
  port.close();
});

/** Attaches it, as its thread would. */
async function attach({ worker, port }: Scene, generation: number): Promise<void> {
  const attaching = worker.attach(endpoint(generation));
  say(port, { kind: 'attached', generation });
  await deadline(attaching, WAIT_MS, 'attaching');
}

function say(port: MessagePort, reply: ControlReply): void {
  port.postMessage(reply);
}

async function heardOf({ told }: Scene, count: number): Promise<string[]> {
  await until(() => told.length >= count, WAIT_MS, `${count} events`);
  return told.splice(0);
}

test('takes sessions while attached; what is told of a browser before changes nothing', async (scene) => {
  const { worker, port } = scene;
  assert.not.ok(worker.isAttached);
  await attach(scene, 1);
  assert.ok(worker.isAttached);
  await attach(scene, 2);
  worker.detach(1);
  say(port, { kind: 'doubt', generation: 1, isDoubted: true });
  say(port, { kind: 'unusable', generation: 1, reason: 'no_pages' });
  say(port, { kind: 'lost', generation: 1 });
  assert.equal(await heardOf(scene, 3), ['change', 'no_pages 1', 'lost 1'], 'and yet it is told');
  assert.ok(worker.isAttached);
  say(port, { kind: 'doubt', generation: 2, isDoubted: true });
  await heardOf(scene, 1);
  assert.not.ok(worker.isAttached);
  say(port, { kind: 'doubt', generation: 2, isDoubted: false });
  await heardOf(scene, 1);
  assert.ok(worker.isAttached);
  say(port, { kind: 'lost', generation: 2 });
  assert.equal(await heardOf(scene, 1), ['lost 2']);
  assert.not.ok(worker.isAttached);
});

test('a browser that was given up while it was attached to takes no session when it is, late', async (scene) => {
  const { worker, port } = scene;
  const late = worker.attach(endpoint(1));
  worker.detach(1);
  say(port, { kind: 'attached', generation: 1 });
  await deadline(late, WAIT_MS, 'attaching');
  assert.not.ok(worker.isAttached);
  const failing = worker.attach(endpoint(2));
  say(port, { kind: 'attachFailed', generation: 2, message: 'no such pipe' });
  assert.match(
    await deadline(
      failing.then(() => '', String),
      WAIT_MS,
      'attaching',
    ),
    'no such pipe',
  );
  assert.not.ok(worker.isAttached);
  // Word of a browser that failed is ignored from now on.
  say(port, { kind: 'lost', generation: 2 });
  await attach(scene, 3);
  assert.equal(scene.told, []);
});

test('a job is at this worker until its context is gone, and its thread is told that it is settled', async (scene) => {
  const { worker, port, heard } = scene;
  await attach(scene, 1);
  const running = worker.run({ job: { kind: 'content', body: { html: '' } }, sequence: 7, runMs: null });
  assert.equal([running.place, worker.sessions, worker.lastJob], [{ kind: 'worker', index: 3 }, 1, 7]);
  running.cancel();
  await until(() => heard.some((one) => one.kind === 'cancel' && one.sequence === 7), WAIT_MS, 'the cancel');
  say(port, { kind: 'outcome', sequence: 7, outcome: { isOk: false, code: 'STEP_TIMEOUT', message: '' } });
  const outcome = await deadline(running.outcome, WAIT_MS, 'the outcome');
  assert.is(outcome.isOk || outcome.code, 'STEP_TIMEOUT');
  assert.is(worker.sessions, 1, 'its context is not gone yet');
  scene.endTask({ kind: 'job' });
  await deadline(running.released, WAIT_MS, 'the release');
  assert.is(worker.sessions, 0);
});

test('how many of its sessions are jobs and are being closed, and for how long it has said nothing', async (scene) => {
  const { worker, port } = scene;
  const now = () => [worker.sessions, worker.jobs, worker.closing, worker.lastJob, worker.silentMs];
  await attach(scene, 1);
  scene.nowMs = 5_000;
  const client: CdpJob = { kind: 'cdp', body: { ticket: '', options: {} as never } };
  const [first, second] = [{ kind: 'content', body: { html: '' } } as const, client].map((job, index) =>
    worker.run({ job, sequence: index + 1, runMs: null }),
  );
  assert.equal(now(), [2, 1, 0, 1, 0], 'it had nothing to say before');
  scene.nowMs = 7_000;
  assert.is(worker.silentMs, 2_000);
  say(port, { kind: 'outcome', sequence: 1, outcome: { isOk: false, code: 'STEP_TIMEOUT', message: '' } });
  await deadline(first?.outcome ?? Promise.reject(), WAIT_MS, 'the outcome');
  assert.equal(now(), [2, 1, 1, 1, 0]);
  scene.nowMs = 8_000;
  worker.run({ job: client, sequence: 3, runMs: null });
  assert.equal(now(), [3, 1, 1, 1, 1_000], 'the client is silent');
  worker.abandon('it died');
  await deadline(Promise.all([first?.released, second?.released]), WAIT_MS, 'their release');
  await until(() => worker.sessions === 0, WAIT_MS, 'the last');
  assert.equal(now(), [0, 0, 0, 1, 0]);
});

test('when its thread is gone its jobs are, after the outcomes that had been sent', async (scene) => {
  const { worker, port } = scene;
  await attach(scene, 1);
  const [first, second] = [1, 2].map((sequence) =>
    worker.run({ job: { kind: 'content', body: { html: '' } }, sequence, runMs: null }),
  );
  const attaching = worker.attach(endpoint(2)).then(() => '', String);
  say(port, { kind: 'outcome', sequence: 1, outcome: { isOk: false, code: 'SESSION_FAILED', message: 'its own' } });
  worker.abandon('it died');
  const codes = await Promise.all([first, second].map((one) => one?.outcome));
  assert.equal(
    codes.map((outcome) => outcome && !outcome.isOk && outcome.code),
    ['SESSION_FAILED', 'WORKER_CRASHED'],
  );
  assert.match(await deadline(attaching, WAIT_MS, 'attaching'), 'the thread died');
});

test('while it loads code it is not taken for stuck', async ({ worker, port }) => {
  const looks = (): boolean[] => Array.from({ length: MISSES_MAX + 1 }, () => worker.isAlive(1));
  const before = looks();
  assert.ok(before.includes(false));
  assert.not(worker.isLoading);
  // Ports keep their order: when this has come, what was said before has.
  say(port, { kind: 'loading', isLoading: true });
  say(port, { kind: 'ready', pages: 1 });
  await until(() => worker.readyPages === 1, WAIT_MS, 'its word');
  assert.ok(worker.isLoading);
  assert.not(looks().includes(false));
  say(port, { kind: 'loading', isLoading: false });
  say(port, { kind: 'ready', pages: 2 });
  await until(() => worker.readyPages === 2, WAIT_MS, 'its word');
  assert.not(worker.isLoading);
  assert.equal(
    looks(),
    before.toSpliced(0, 1, true).map((_, index) => index < MISSES_MAX - 1),
    'all is forgiven',
  );
});

test('how many pages it keeps ready, and since which place in the order the youngest is', async ({ worker, port }) => {
  say(port, { kind: 'ready', pages: 1 });
  await until(() => worker.readyPages === 1, WAIT_MS, 'a ready page');
  assert.is(worker.readyAt, 1);
});

test.run();
