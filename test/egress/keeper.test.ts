/**
 * The real thread with its real messages: exits by ports, a worker that goes, a thread that dies and is replaced.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { type MessagePort, Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../src/clock.js';
import { createKeeper, type Keeper } from '../../src/egress/keeper.js';
import { createLanes, openLaneReader } from '../../src/metrics/lane.js';
import { createLayout } from '../../src/metrics/layout.js';
import type { EgressSetup, EgressToWorker, WorkerToEgress } from '../../src/protocol/egress.js';
import { createUsage, openUsage } from '../../src/protocol/usage.js';
import { deadline, until } from '../deadline.js';
import { DOMAINS } from '../metrics/domains.js';
import { closed, createScene, NO_PROXIES, reach, read, type Scene } from './scene.js';

interface Context {
  scene: Scene;
  setup: EgressSetup;
  keeper: Keeper;
  /** What the keeper told. */
  told: string[];
  ports: MessagePort[];
}

const test = suite<Context>('egress/keeper');
const WAIT_MS = 10_000;
const ENTRY = new URL('../../src/egress/entry.js', import.meta.url);

test.before.each(async (context) => {
  // Only the scene's servers are used; the exits belong to the thread.
  context.scene = await createScene();
  context.setup = {
    policy: 'open',
    allow: '',
    deny: '127.6.6.6',
    proxies: NO_PROXIES,
    maxSessionBytes: 1_000,
    usage: createUsage(),
    books: openBooks(),
  };
  context.told = [];
  context.ports = [];
  context.keeper = keeperOf(context, ENTRY);
});
test.after.each(async ({ scene, keeper, ports }) => {
  for (const port of ports) port.close();
  await keeper.destroy();
  await scene.close();
});

function keeperOf({ setup, told }: Context, entry: URL): Keeper {
  return createKeeper({
    entry,
    setup,
    heapMb: 64,
    clock: systemClock,
    onLost(threadId, message) {
      told.push(message);
      openLaneReader(setup.books.lanes, setup.books.laneShape, 0).release(threadId);
    },
    onStarted: () => void told.push('started'),
  });
}

/** The answer to `message`. */
async function ask(port: MessagePort, message: WorkerToEgress): Promise<EgressToWorker> {
  const answers: EgressToWorker[] = [];
  port.on('message', (told: EgressToWorker) => void ('call' in told && answers.push(told)));
  port.postMessage(message);
  return await until(() => answers[0], WAIT_MS, message.kind);
}

async function open(port: MessagePort, call = 1): Promise<{ exit: number; port: number }> {
  const answer = await ask(port, { kind: 'open', call });
  if (answer.kind !== 'opened') throw new Error(answer.kind);
  assert.is(answer.call, call);
  return answer;
}

async function connectTo({ keeper, ports }: Context): Promise<MessagePort> {
  const port = await until(() => keeper.connect(), WAIT_MS, 'a thread that serves');
  ports.push(port);
  return port;
}

function openBooks(): EgressSetup['books'] {
  const laneShape = { laneCount: 1, capacity: 1_024 };
  return { lanes: createLanes(laneShape), laneShape, domains: DOMAINS };
}

test('opens exits for a worker, tells their fates, and that one is over', async (context) => {
  const { scene, keeper, setup } = context;
  keeper.start();
  const port = await connectTo(context);
  const to = await scene.serve((socket) => void socket.pipe(socket));
  const opened = await open(port, 7);
  const told: EgressToWorker[] = [];
  port.on('message', (message: EgressToWorker) => told.push(message));
  assert.is((await reach(opened.port, '127.6.6.6', to)).code, 2);
  const { socket } = await reach(opened.port, '127.0.0.1', to);
  assert.equal(await ask(port, { kind: 'hear', call: 8 }), { kind: 'heard', call: 8 });
  const [fate, other] = told;
  assert.is(fate?.kind === 'fate' && fate.fate.kind === 'refused' && fate.fate.reason, 'policy');
  const dialled = { kind: 'dialled', address: '127.0.0.1', port: to };
  assert.equal(other, { kind: 'fate', exit: opened.exit, host: '127.0.0.1', port: to, fate: dialled });

  const over = new Promise((resolve) => port.once('message', resolve));
  socket.write(Buffer.alloc(2_000));
  assert.equal(await deadline(over, WAIT_MS, 'over'), { kind: 'over', exit: opened.exit });
  assert.ok((openUsage(setup.usage).read(opened.exit)?.sentBytes ?? 0) >= 1_000);
  port.postMessage({ kind: 'close', exit: opened.exit });
  assert.equal(await ask(port, { kind: 'hear', call: 9 }), { kind: 'heard', call: 9 });
  const late = connect(opened.port, '127.0.0.1');
  const [error] = await deadline(once(late, 'error'), WAIT_MS, 'nobody to be there');
  assert.is(error.code, 'ECONNREFUSED');
});

test('takes a client’s proxy before the first page', async (context) => {
  context.keeper.start();
  const port = await connectTo(context);
  const { exit, port: at } = await open(port);
  port.postMessage({ kind: 'proxy', exit, proxy: { server: 'http://127.6.6.6:1' } });
  assert.is((await ask(port, { kind: 'hear', call: 1 })).kind, 'heard');
  assert.is((await reach(at, 'far.example', 443)).code, 2);
});

test('no exit outlives its worker', async (context) => {
  context.keeper.start();
  const to = await context.scene.serve((socket) => void socket.pipe(socket));
  const others = await open(await connectTo(context));
  const mine = await connectTo(context);
  const opened = await open(mine);
  const { socket } = await reach(opened.port, '127.0.0.1', to);
  const code = "require('node:worker_threads').workerData.ref()";
  const worker = new Worker(code, { eval: true, workerData: mine, transferList: [mine] });
  await deadline(once(worker, 'online'), WAIT_MS, 'a worker');
  assert.not(socket.destroyed);
  await worker.terminate();
  await closed(socket);
  assert.is((await reach(others.port, '127.0.0.1', to)).code, 0, 'those of others go on');
});

test('the server’s own listeners are out of reach as long as they are its own', async (context) => {
  const { keeper, scene, told } = context;
  const to = await scene.serve((socket) => void socket.pipe(socket));
  keeper.setListeners([to]);
  keeper.start();
  const first = await open(await connectTo(context));
  assert.is((await reach(first.port, '127.0.0.1', to)).code, 2);
  keeper.setListeners([]);
  // Its answer comes after the word about listeners was handled.
  const fresh = await open(await connectTo(context));
  assert.is((await reach(fresh.port, '127.0.0.1', to)).code, 0);
  assert.equal(told, ['started']);
});

test('replaces a thread that dies, again and again; ids go on', async (context) => {
  const deadly = new URL('./deadly-egress.js', import.meta.url);
  await context.keeper.destroy();
  context.keeper = keeperOf(context, deadly);
  const { keeper, told, scene } = context;
  const to = await scene.serve((socket) => void socket.pipe(socket));
  keeper.setListeners([to]);
  keeper.start();
  let lastExit = 0;
  for (let life = 1; life <= 3; life++) {
    const port = await connectTo(context);
    const opened = await open(port);
    assert.ok(opened.exit > lastExit);
    lastExit = opened.exit;
    assert.is((await reach(opened.port, '127.0.0.1', to)).code, 2, 'it knows the listeners');
    const { socket } = await reach(opened.port, '127.0.0.1', await scene.serve((far) => void far.pipe(far)));
    const isGone = new Promise((resolve) => port.once('close', resolve));
    port.postMessage({ kind: 'die' });
    await deadline(isGone, WAIT_MS, 'the end of its port');
    assert.is((await read(socket, 1)).length, 0, 'what it had open has ended');
    await until(() => told.filter((what) => what === 'started').length === life + 1, WAIT_MS, 'the next one');
  }
  assert.equal(told, ['started', ...Array(3).fill(['told to die', 'started']).flat()]);
});

test('while no thread serves there is no port, and it is told when one does', async (context) => {
  const { keeper, told } = context;
  assert.equal([keeper.isReady(), keeper.connect(), told], [false, null, []]);
  keeper.start();
  await until(() => told.length > 0, WAIT_MS, 'a thread that serves');
  assert.equal([keeper.isReady(), told], [true, ['started']]);
  assert.ok((await open(await connectTo(context))).port > 0);
  keeper.endThread();
  await until(() => told.length > 1, WAIT_MS, 'its end');
  assert.equal([keeper.isReady(), keeper.connect()], [false, null]);
});

test('what it counts is in its lane', async (context) => {
  const { keeper, scene, setup } = context;
  keeper.start();
  const { port } = await open(await connectTo(context));
  const { socket } = await reach(port, '127.0.0.1', await scene.serve((far) => void far.pipe(far)));
  socket.write('hello');
  assert.is(String(await read(socket, 5)), 'hello');
  assert.is((await reach(port, '127.6.6.6', 1)).code, 2);
  const { cellOf } = createLayout(DOMAINS);
  const lane = openLaneReader(setup.books.lanes, setup.books.laneShape, 0);
  const sums = new Map<number, number>();
  const sumOf = (cell: number): number => sums.get(cell) ?? 0;
  const received = cellOf('headcount_egress_bytes_total', 'received');
  const drained = (): boolean => {
    lane.drain((cell, value) => sums.set(cell, sumOf(cell) + value));
    return sumOf(received) === 5;
  };
  await until(drained, WAIT_MS, 'its bytes');
  assert.is(sumOf(cellOf('headcount_egress_bytes_total', 'sent')), 5);
  assert.is(sumOf(cellOf('headcount_egress_connections_total')), 1);
  assert.is(sumOf(cellOf('headcount_egress_refusals_total', 'policy')), 1);
});

test('a thread ends also when exits are closed while connections end or are reset', async (context) => {
  const { keeper, scene } = context;
  keeper.start();
  const port = await connectTo(context);
  const resets = await scene.serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const ends = await scene.serve((socket) => socket.once('data', () => socket.end('x')));
  for (let i = 0; i < 40; i++) {
    const opened = await open(port);
    for (const to of [resets, ends, resets, ends]) {
      const { socket } = await reach(opened.port, '127.0.0.1', to);
      socket.on('error', () => {}).write('x');
      if (i % 3 === 0) socket.end();
    }
    if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    port.postMessage({ kind: 'close', exit: opened.exit });
  }
  await deadline(keeper.destroy(), WAIT_MS, 'the end of the thread');
});

test('a thread that cannot load is tried again', async (context) => {
  await context.keeper.destroy();
  context.keeper = keeperOf(context, new URL('./none.js', import.meta.url));
  context.keeper.start();
  await until(() => context.told.length >= 3, WAIT_MS, 'three lives');
  for (const told of context.told) assert.match(told, 'Cannot find module');
});

test.run();
