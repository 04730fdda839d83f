/**
 * Two sockets and the bytes between them, with a worker that is a Unix socket of this test.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Outcome } from '../../src/protocol/job.js';
import type { Running } from '../../src/protocol/session.js';
import { type Chunks, createChunks } from '../../src/tunnel/chunks.js';
import { startTunnel } from '../../src/tunnel/tunnel.js';
import { deadline, until } from '../deadline.js';
import { open } from '../http/raw-socket.js';
import { makeTempDir } from '../temp-dir.js';

interface Scene {
  folder: string;
  path: string;
  clients: Server;
  workers: Server;
  /** The client, and main's socket to it. */
  client: Socket;
  accepted: Socket;
  chunks: Chunks;
  /** The worker's sockets, in the order in which they come. */
  arrived: Socket[];
  /** Timers that are not due; a test makes them due. */
  timers: Set<() => void>;
  settle: (outcome: Outcome) => void;
  told: string[];
  bytes: { sent: number; received: number };
  start(early?: string): Running;
  /** Acts like a worker that has been given the job. */
  serve(): void;
}

const test = suite<Scene>('tunnel/tunnel');
const WAIT_MS = 10_000;
const EARLY = 'early bytes';

test.before.each(async (scene) => {
  scene.folder = makeTempDir('tunnel');
  scene.path = join(scene.folder, 'worker');
  scene.arrived = [];
  scene.chunks = createChunks();
  scene.timers = new Set();
  scene.told = [];
  scene.bytes = { sent: 0, received: 0 };
  scene.clients = createServer({ allowHalfOpen: true });
  scene.workers = createServer((socket) => scene.arrived.push(socket.on('error', () => {})));
  await Promise.all([listening(scene.clients, 0), listening(scene.workers, scene.path)]);
  const accepting = new Promise<Socket>((resolve) => scene.clients.once('connection', resolve));
  scene.client = open((scene.clients.address() as AddressInfo).port);
  scene.accepted = await deadline(accepting, WAIT_MS, 'the client');
  scene.accepted.on('error', () => {});
  scene.start = (early = EARLY) =>
    startTunnel({
      caller: {
        socket: scene.accepted,
        key: 'the key',
        takeEarly: () => Buffer.from(early),
        onAnswered: () => scene.told.push('answered'),
      },
      ticket: 'the ticket',
      chunks: scene.chunks,
      clock: {
        epochMs: () => 0,
        monotonicMs: () => 0,
        after(_ms, call) {
          scene.timers.add(call);
          return () => void scene.timers.delete(call);
        },
      },
      onBytes: (direction, bytes) => {
        scene.bytes[direction] += bytes;
      },
      run(onServing) {
        scene.told.push('run');
        scene.serve = () => onServing(scene.path);
        const outcome = new Promise<Outcome>((resolve) => (scene.settle = resolve));
        const standing = { phase: 'context', past: {}, status: null, exit: null, client: null } as const;
        const place = { kind: 'worker', index: 1 } as const;
        return {
          outcome,
          released: outcome.then(() => {}),
          place,
          standing: () => standing,
          cancel: () => scene.told.push('cancel'),
        };
      },
    });
});
test.after.each(async ({ client, accepted, arrived, clients, workers, folder }) => {
  for (const socket of [client, accepted, ...arrived]) socket.destroy();
  clients.close();
  workers.close();
  rmSync(folder, { recursive: true, force: true });
});

function listening(server: Server, where: number | string): Promise<void> {
  return new Promise((resolve) => {
    if (typeof where === 'number') server.listen(where, '127.0.0.1', resolve);
    else server.listen(where, resolve);
  });
}

/** Returns what has come on a socket so far. */
function collect(socket: Socket): () => string {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/** The client, answered by its worker: both ends, with what each has received. */
async function joined(scene: Scene) {
  const running = scene.start();
  scene.serve();
  const worker = await until(() => scene.arrived[0], WAIT_MS, 'the worker to be reached');
  const [atWorker, atClient] = [collect(worker), collect(scene.client)];
  await until(() => atWorker().endsWith(EARLY), WAIT_MS, 'what was early');
  worker.write('answer');
  await until(() => atClient() === 'answer', WAIT_MS, 'the answer');
  return { running, worker, atWorker, atClient };
}

const closed = (socket: Socket, what: string): Promise<unknown> =>
  deadline(socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve)), WAIT_MS, what);

test('the worker gets an upgrade with the ticket, what was early, and the rest; bytes are counted', async (scene) => {
  const { atWorker, atClient, worker } = await joined(scene);
  const [head = '', rest] = atWorker().split('\r\n\r\n');
  assert.match(head, 'GET / HTTP/1.1\r\n');
  assert.match(head, 'Sec-WebSocket-Key: the key\r\n');
  assert.match(head, 'x-headcount-ticket: the ticket');
  assert.not.match(head.toLowerCase(), 'extensions');
  assert.is(rest, EARLY);
  scene.client.write('more');
  worker.write('and more');
  await until(() => atWorker().endsWith(`${EARLY}more`) && atClient() === 'answerand more', WAIT_MS, 'both ways');
  assert.equal(scene.told, ['run', 'answered']);
  assert.equal(scene.bytes, { sent: 'answerand more'.length, received: `${EARLY}more`.length });
});

test('buffers are used again only once what they held has been written, and none is kept', async (scene) => {
  const { take, give } = createChunks();
  const out = new Set<Uint8Array>();
  scene.chunks = {
    take() {
      const chunk = take();
      out.add(chunk);
      return chunk;
    },
    give(chunk) {
      assert.ok(out.delete(chunk), 'one that was taken, and once');
      // Whoever still reads from it reads this.
      chunk.fill(0);
      give(chunk);
    },
  };
  const { worker } = await joined(scene);
  const came: Buffer[] = [];
  const bytesOf = (parts: readonly Buffer[]): number => parts.reduce((sum, { length }) => sum + length, 0);
  scene.client.pause().on('data', (chunk: Buffer) => came.push(chunk));
  // Small parts and large ones, and more than sockets hold.
  const parts = Array.from({ length: 400 }, (_, i) => randomBytes(i % 3 === 0 ? 200_000 : 1 + (i % 7) * 900));
  for (const [i, part] of parts.entries()) {
    worker.write(part);
    if (i === 200) scene.client.resume();
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => bytesOf(came) === bytesOf(parts), WAIT_MS, 'all of it');
  assert.ok(Buffer.concat(came).equals(Buffer.concat(parts)));
  worker.end();
  await closed(scene.accepted, 'the end');
  await until(() => out.size === 0, WAIT_MS, 'all buffers');
});

for (const [name, from] of [
  ['client', (scene: Scene, worker: Socket) => [scene.client, worker]],
  ['worker', (scene: Scene, worker: Socket) => [worker, scene.client]],
] as const) {
  test(`whoever does not read holds up the ${name} that writes, and main holds next to nothing`, async (scene) => {
    const { worker } = await joined(scene);
    const [writer, reader] = from(scene, worker);
    assert.ok(writer && reader);
    reader.removeAllListeners('data');
    reader.pause();
    const total = 64 * 2 ** 20;
    writer.write(Buffer.alloc(total));
    const moved = (): number => (name === 'client' ? scene.bytes.received : scene.bytes.sent);
    let before = -1;
    // Until nothing moves any more, because all buffers on the way are full.
    await until(
      async () => {
        const now = moved();
        const isStill = now === before && now > 100;
        before = now;
        await new Promise((resolve) => setTimeout(resolve, 50));
        return isStill;
      },
      WAIT_MS,
      'it to stand still',
    );
    assert.ok(moved() < total / 4, `${moved()} bytes were taken`);
    let got = 0;
    reader.on('data', (chunk: Buffer) => {
      got += chunk.length;
    });
    reader.resume();
    await until(() => got === total, WAIT_MS, 'all of it');
  });
}

test('a client that closes takes the other socket along; what it said last arrives', async (scene) => {
  const { worker, atWorker } = await joined(scene);
  scene.client.end('last');
  await closed(worker, "the worker's socket");
  await closed(scene.accepted, "main's socket");
  assert.match(atWorker(), 'last');
});

test('a client that is reset takes the other socket along', async (scene) => {
  const { worker } = await joined(scene);
  scene.client.resetAndDestroy();
  await closed(worker, "the worker's socket");
  scene.settle({ isOk: false, code: 'CLIENT_CLOSED', message: 'gone' });
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(scene.timers.size, 0, 'nothing is left to be cut off');
});

test('a worker that goes takes the client along, after what it said last', async (scene) => {
  const { worker, atClient } = await joined(scene);
  worker.end('last');
  await closed(scene.client, "the client's socket");
  assert.is(atClient(), 'answerlast');
});

test('a client that does not read what is left is cut off', async (scene) => {
  const { worker } = await joined(scene);
  scene.client.pause();
  worker.write(Buffer.alloc(2 ** 20 * 16));
  await until(() => scene.accepted.writableLength > 0, WAIT_MS, 'its buffers to be full');
  worker.destroy();
  scene.settle({ isOk: false, code: 'WORKER_CRASHED', message: 'gone' });
  await until(() => scene.timers.size === 1, WAIT_MS, 'the session to be released');
  assert.not.ok(scene.accepted.destroyed, 'it has some time');
  for (const call of scene.timers) call();
  await closed(scene.accepted, "main's socket");
  await until(() => scene.timers.size === 0, WAIT_MS, 'nothing of it to be left');
});

test('a worker that cannot be reached says why itself, or within a second somebody does', async (scene) => {
  rmSync(scene.path);
  const running = scene.start();
  scene.serve();
  await until(() => scene.timers.size === 1, WAIT_MS, 'the failure');
  scene.settle({ isOk: false, code: 'BROWSER_CRASHED', message: 'the browser crashed' });
  const outcome = await deadline(running.outcome, WAIT_MS, 'the outcome');
  assert.is(outcome.isOk || outcome.code, 'BROWSER_CRASHED');
  scene.accepted.destroy();
  await until(() => scene.timers.size === 0, WAIT_MS, 'nothing of it to be left');
  assert.equal(scene.told, ['run']);
});

test('and if it says nothing, the session fails and is ended there', async (scene) => {
  rmSync(scene.path);
  const running = scene.start();
  scene.serve();
  await until(() => scene.timers.size === 1, WAIT_MS, 'the failure');
  for (const call of scene.timers) call();
  const outcome = await deadline(running.outcome, WAIT_MS, 'the outcome');
  assert.is(outcome.isOk || outcome.code, 'WORKER_CRASHED');
  assert.match(outcome.isOk ? '' : outcome.message, 'the worker cannot be reached: ENOENT');
  assert.equal(scene.told, ['run', 'cancel']);
  assert.not.ok(scene.accepted.destroyed, 'whoever waits for the outcome answers it');
});

test('for a client that has gone nothing is begun, or nothing more', async (scene) => {
  const begun = scene.start();
  scene.accepted.destroy();
  scene.serve();
  assert.equal(scene.told, ['run']);
  const running = scene.start();
  assert.equal(scene.told, ['run'], 'not run again');
  const outcome = await deadline(running.outcome, WAIT_MS, 'the outcome');
  assert.is(outcome.isOk || outcome.code, 'CLIENT_CLOSED');
  await deadline(running.released, WAIT_MS, 'the release');
  scene.settle({ isOk: false, code: 'CLIENT_CLOSED', message: 'gone' });
  await deadline(begun.outcome, WAIT_MS, 'the other outcome');
  assert.ok(existsSync(scene.path));
  assert.equal(scene.arrived, []);
});

test.run();
