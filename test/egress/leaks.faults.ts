/** Nothing of an exit is kept when it has closed: no handle, no heap. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { createScene, reach, read, type Scene } from './scene.js';

const test = suite('egress/leaks');
const WAIT_MS = 20_000;
const AT_ONCE = 20;
const ROUNDS = 50;

function collectedHeapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage().heapUsed;
}

/**
 * One exit with traffic: a connection that ends, one that is refused, a name, and one that is open when the exit
 * closes.
 */
async function live(scene: Scene, to: number): Promise<void> {
  const { exit, port } = await scene.open();
  const { socket } = await reach(port, 'here.example', to);
  socket.end('hello');
  await read(socket, 5);
  const refused = await reach(port, 'none.example', to);
  const open = await reach(port, '127.0.0.1', to);
  scene.egress.close(exit);
  for (const each of [socket, refused.socket, open.socket]) each.destroy();
}

async function liveAll(scene: Scene, to: number, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => live(scene, to)));
    scene.asked.length = 0;
    scene.counts.refusals.length = 0;
  }
}

test('keeps no handle and no heap of 2 000 exits', async () => {
  const scene = await createScene();
  scene.names.set('here.example', ['127.0.0.1']);
  const to = await scene.serve((socket) => void socket.pipe(socket));
  const handles = (): number => process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout').length;
  const handlesBefore = handles();
  await liveAll(scene, to, ROUNDS);
  await until(() => handles() <= handlesBefore, WAIT_MS, 'the end of all sockets');
  const heapBefore = collectedHeapBytes();
  await liveAll(scene, to, ROUNDS);
  await until(() => handles() <= handlesBefore, WAIT_MS, 'the end of all sockets');
  const perExit = (collectedHeapBytes() - heapBefore) / (AT_ONCE * ROUNDS);
  assert.ok(perExit < 1_024, `${perExit} bytes an exit`);
  await until(() => scene.counts.open === 0, WAIT_MS, 'no connection open');
  assert.is(scene.counts.connections, 2 * 2 * AT_ONCE * ROUNDS);
  await scene.close();
});

test.run();
