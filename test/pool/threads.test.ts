/**
 * Real threads of real piscinas: there are as many as there should be, whatever happens to them.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../src/clock.js';
import { createThreads, type Thread, type Threads } from '../../src/pool/threads.js';
import type { Task, TaskResult } from '../../src/protocol/job.js';
import { deadline, until } from '../deadline.js';

const WAIT_MS = 10_000;
const COUNT = 2;

interface Scene {
  threads: Threads;
  /** The threads alive, in the order in which they were started. */
  alive: Thread[];
  told: string[];
  blocker: string;
  folder: string;
}

const test = suite<Scene>('pool/threads');

function task(what: string): Task {
  return { kind: 'job', job: { kind: 'content', body: { html: what } }, sequence: 1, runMs: null };
}

function ask(thread: Thread | undefined, what: string): Promise<TaskResult> {
  if (!thread) throw new Error('no such thread');
  return deadline(thread.post(task(what)), WAIT_MS, what);
}

async function whyNot(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => 'it did', String);
}

test.before.each((scene) => {
  scene.folder = mkdtempSync(join(tmpdir(), 'headcount-test-threads-'));
  scene.blocker = join(scene.folder, 'blocker');
  scene.alive = [];
  scene.told = [];
  // The entry of these tests reads nothing else of the setup.
  const setup: object = { blocker: scene.blocker };
  scene.threads = createThreads({
    entry: fileURLToPath(new URL('./threads-entry.js', import.meta.url)),
    count: COUNT,
    tempDir: scene.folder,
    heapMb: 64,
    setup: setup as Parameters<typeof createThreads>[0]['setup'],
    clock: systemClock,
    events: {
      onStarted: (thread) => scene.alive.push(thread),
      onLost(id, reason, message) {
        scene.alive = scene.alive.filter((thread) => thread.id !== id);
        scene.told.push(`lost by ${reason}: ${message}`);
      },
      onExit: () => scene.told.push('exit'),
      onUnstartable: (error) => scene.told.push(String(error)),
    },
  });
  scene.threads.start();
});

test.after.each(async ({ threads, folder }) => {
  await threads.destroy();
  rmSync(folder, { recursive: true });
});

test('one that ends is replaced, the others are left alone, and its tasks are rejected', async (scene) => {
  const [first, second] = scene.alive;
  assert.equal(await ask(first, 'work'), { kind: 'job' });
  scene.threads.worked();
  assert.match(await whyNot(ask(first, 'exit')), 'exited with code: 3');
  await until(() => scene.alive.length === COUNT && scene.alive[0] === second, WAIT_MS, 'another one');
  assert.equal(await ask(scene.alive[1], 'work'), { kind: 'job' });
  assert.equal(scene.told, ['lost by exit: it ended with code 3', 'exit']);
  assert.match(await whyNot(ask(first, 'work')), 'the thread chosen is gone');
  assert.equal(await ask(second, 'work'), { kind: 'job' });
});

test('a task that throws is rejected, and its thread lives', async ({ alive: [first] }) => {
  assert.match(await whyNot(ask(first, 'throw')), 'thrown by the task');
  assert.equal(await ask(first, 'work'), { kind: 'job' });
});

test('each of many deaths is made good, by whichever piscina it was, and no thread is too many', async (scene) => {
  for (let death = 1; death <= 8; death++) {
    const victim = scene.alive[death % COUNT];
    await ask(victim, 'work');
    scene.threads.worked();
    await whyNot(ask(victim, 'exit'));
    await until(() => scene.told.length === 2 * death && scene.alive.length === COUNT, WAIT_MS, `death ${death}`);
  }
  for (const thread of scene.alive) assert.equal(await ask(thread, 'work'), { kind: 'job' });
  assert.is(scene.alive.length, COUNT);
});

test('one that spins is lost as soon as it is told to go, and replaced', async (scene) => {
  const [first, second] = scene.alive;
  await ask(first, 'work');
  scene.threads.worked();
  const spinning = whyNot(ask(first, 'spin'));
  first?.end('unresponsive');
  first?.end('unresponsive');
  assert.equal(scene.told, ['lost by unresponsive: it gave no sign of life']);
  assert.match(await spinning, 'exited with code');
  await until(() => scene.told.includes('exit') && scene.alive.length === COUNT, WAIT_MS, 'another one');
  assert.is(scene.alive[0], second);
  assert.equal(await ask(scene.alive[1], 'work'), { kind: 'job' });
});

test('one that cannot be loaded is tried on and on, and is there once it can', async (scene) => {
  const [first, second] = scene.alive;
  await ask(first, 'work');
  await ask(second, 'work');
  scene.threads.worked();
  writeFileSync(scene.blocker, '');
  await whyNot(ask(first, 'exit'));
  const failed = () => scene.told.filter((line) => line.includes('not to be loaded')).length;
  await until(() => failed() >= 3, WAIT_MS, 'three that could not be loaded');
  assert.equal(await ask(second, 'work'), { kind: 'job' }, 'the other works meanwhile');
  rmSync(scene.blocker);
  const works = async (): Promise<boolean> => {
    const last = scene.alive.find((thread) => thread !== second);
    return last !== undefined && (await whyNot(ask(last, 'work'))) === 'it did';
  };
  await until(works, WAIT_MS, 'one that works');
  assert.is(scene.alive.length, COUNT);
});

test.run();
