/** The real thread, with its real messages: exits by ports, a worker that goes, a thread that dies and is replaced. */

import { once } from 'node:events';
import { type MessagePort, Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../src/clock.js';
import { createKeeper, type Keeper } from '../../src/egress/keeper.js';
import type { EgressSetup, EgressToWorker, WorkerToEgress } from '../../src/protocol/egress.js';
import { createUsage, openUsage } from '../../src/protocol/usage.js';
import { deadline, until } from '../deadline.js';
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
  // Of it only the servers are needed: the exits are those of the thread.
  context.scene = await createScene();
  context.setup = {
    policy: 'open',
    allow: '',
    deny: '127.6.6.6',
    proxies: NO_PROXIES,
    maxSessionBytes: 1_000,
    usage: createUsage(),
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
    onLost: (message) => void told.push(message),
    onStarted: () => void told.push('started'),
  });
}

/** The answer to it. */
async function ask(port: MessagePort, message: WorkerToEgress): Promise<EgressToWorker> {
  const answer = new Promise<EgressToWorker>((resolve) => port.once('message', resolve));
  port.postMessage(message);
  return await deadline(answer, WAIT_MS, message.kind);
}

async function open(port: MessagePort, call = 1): Promise<{ exit: number; port: number }> {
  const answer = await ask(port, { kind: 'open', call });
  if (answer.kind !== 'opened') throw new Error(answer.kind);
  assert.is(answer.call, call);
  return answer;
}

function connectTo({ keeper, ports }: Context): MessagePort {
  const port = keeper.connect();
  ports.push(port);
  return port;
}

test('opens exits for a worker, tells their fates, and that one is over', async (context) => {
  const { scene, keeper, setup } = context;
  keeper.start();
  const port = connectTo(context);
  const to = await scene.serve((socket) => void socket.pipe(socket));
  const opened = await open(port, 7);
  assert.is((await reach(opened.port, '127.6.6.6', to)).code, 2);
  const ofThere = { kind: 'fate', call: 8, exit: opened.exit, host: '127.6.6.6', port: to } as const;
  const fate = await ask(port, ofThere);
  assert.is(fate.kind === 'fate' && fate.fate?.kind === 'refused' && fate.fate.reason, 'policy');
  assert.equal(await ask(port, { ...ofThere, exit: 99 }), { kind: 'fate', call: 8, fate: null });

  const over = new Promise((resolve) => port.once('message', resolve));
  const { socket } = await reach(opened.port, '127.0.0.1', to);
  socket.write(Buffer.alloc(2_000));
  assert.equal(await deadline(over, WAIT_MS, 'over'), { kind: 'over', exit: opened.exit });
  assert.ok((openUsage(setup.usage).read(opened.exit)?.sentBytes ?? 0) >= 1_000);
  port.postMessage({ kind: 'close', exit: opened.exit });
  assert.equal(await ask(port, { ...ofThere, call: 9 }), { kind: 'fate', call: 9, fate: null });
});

test('takes a client’s proxy before the first page', async (context) => {
  context.keeper.start();
  const port = connectTo(context);
  const { exit, port: at } = await open(port);
  port.postMessage({ kind: 'proxy', exit, proxy: { server: 'http://127.6.6.6:1' } });
  assert.is((await ask(port, { kind: 'fate', call: 1, exit, host: 'a', port: 1 })).kind, 'fate');
  assert.is((await reach(at, 'far.example', 443)).code, 2);
});

test('no exit outlives its worker', async (context) => {
  context.keeper.start();
  const to = await context.scene.serve((socket) => void socket.pipe(socket));
  const others = await open(connectTo(context));
  const mine = connectTo(context);
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
  const first = await open(connectTo(context));
  assert.is((await reach(first.port, '127.0.0.1', to)).code, 2);
  keeper.setListeners([]);
  // Its answer comes after the listeners have.
  const fresh = await open(connectTo(context));
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
    const port = connectTo(context);
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

test('a port that is asked for while there is no thread leads to the next', async (context) => {
  const { keeper, scene } = context;
  // Of a worker that has gone before.
  const gone = connectTo(context);
  gone.close();
  await once(gone, 'close');
  const port = connectTo(context);
  const opening = open(port);
  keeper.start();
  const to = await scene.serve((socket) => void socket.end('hello'));
  const { socket } = await reach((await opening).port, '127.0.0.1', to);
  assert.is(String(await read(socket, 5)), 'hello');
});

test('a thread that cannot load is tried again', async (context) => {
  await context.keeper.destroy();
  context.keeper = keeperOf(context, new URL('./none.js', import.meta.url));
  context.keeper.start();
  await until(() => context.told.length >= 6, WAIT_MS, 'three lives');
  assert.match(context.told[1] ?? '', 'Cannot find module');
});

test.run();
