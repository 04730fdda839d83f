/**
 * Frames of a client, some a turn of the loop: over a real WebSocket's interface, with nobody at the other end.
 */

import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createIntake, type Intake } from '../../../src/worker/broker/intake.js';
import type { ClientSocket } from '../../../src/worker/broker/listener.js';

const A_TURN = 32;

interface Scene {
  socket: EventEmitter;
  isPaused: boolean;
  took: number[];
  intake: Intake;
  send(from: number, count: number): void;
}

const test = suite<Scene>('worker/broker/intake');

test.before.each((scene) => {
  scene.isPaused = true;
  scene.took = [];
  scene.socket = Object.assign(new EventEmitter(), {
    pause: () => {
      scene.isPaused = true;
    },
    resume: () => {
      scene.isPaused = false;
    },
  });
  scene.intake = createIntake({
    socket: scene.socket as unknown as ClientSocket,
    onFrame: (frame) => scene.took.push(Number(frame)),
  });
  scene.send = (from, count) => {
    for (let i = from; i < from + count; i++) scene.socket.emit('message', Buffer.from(String(i)));
  };
});

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('a few that come at once are taken at once', async (scene) => {
  scene.intake.resume();
  scene.send(0, A_TURN);
  assert.equal(scene.took, upTo(A_TURN));
  assert.not(scene.isPaused);
  await turn();
  scene.send(A_TURN, A_TURN);
  assert.equal(scene.took, upTo(2 * A_TURN));
});

test('of many, each turn takes some; nothing more is read meanwhile, and their order stays', async (scene) => {
  scene.intake.resume();
  scene.send(0, 3 * A_TURN + 1);
  for (const count of [A_TURN, 2 * A_TURN, 3 * A_TURN]) {
    assert.equal(scene.took, upTo(count));
    assert.ok(scene.isPaused);
    await turn();
  }
  assert.equal(scene.took, upTo(3 * A_TURN + 1));
  assert.not(scene.isPaused);
});

test('what comes behind those that wait does not overtake them', async (scene) => {
  scene.intake.resume();
  scene.send(0, A_TURN + 1);
  await turn();
  scene.send(A_TURN + 1, 5);
  assert.equal(scene.took, upTo(A_TURN + 6));
});

test('none is taken while it is held, and all are afterwards', async (scene) => {
  scene.send(0, 2);
  assert.equal(scene.took, []);
  scene.intake.resume();
  assert.equal(scene.took, upTo(2));
  scene.intake.pause();
  scene.send(2, A_TURN);
  await turn();
  await turn();
  assert.equal([scene.took, scene.isPaused], [upTo(2), true]);
  scene.intake.resume();
  await turn();
  await turn();
  assert.equal([scene.took, scene.isPaused], [upTo(A_TURN + 2), false]);
});

test('one that is held in the midst of a turn goes on from there', async (scene) => {
  const { socket, intake } = scene;
  scene.intake.resume();
  socket.on('message', (frame: Buffer) => Number(frame) === 4 && intake.pause());
  scene.send(0, 10);
  await turn();
  assert.equal(scene.took, upTo(5));
  intake.resume();
  await turn();
  assert.equal([scene.took, scene.isPaused], [upTo(10), false]);
});

test.run();
