/**
 * Exits over real sockets: the handshake in every shape, both directions, ends, limits, counts.
 */

import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, systemClock } from '../../src/clock.js';
import { deadline, until } from '../deadline.js';
import { closed, createScene, GREETING, reach, read, readAll, request, type Scene, WAIT_MS } from './scene.js';

const test = suite<{ scene: Scene }>('egress/exit');

test.before.each(async (context) => {
  context.scene = await createScene();
});
test.after.each(({ scene }) => scene.close());

const echo = (socket: Socket): void => void socket.pipe(socket);

function dialExit(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => {});
  return socket;
}

test('passes bytes on, and counts them both ways', async ({ scene }) => {
  const to = await scene.serve(echo);
  const { exit, port } = await scene.open();
  const { code, socket } = await reach(port, '127.0.0.1', to);
  assert.is(code, 0);
  socket.write('hello');
  assert.is(String(await read(socket, 5)), 'hello');
  assert.equal(scene.usage.read(exit), { sentBytes: 5, receivedBytes: 5 });
  assert.equal(scene.egress.fateOf(exit, '127.0.0.1', to), { kind: 'dialled', address: '127.0.0.1', port: to });
  assert.is(scene.counts.connections, 1);
  await until(() => scene.counts.open === 1, WAIT_MS, 'one open');
  assert.equal(scene.counts.bytes, { sent: 5, received: 5 });
  socket.destroy();
  await until(() => scene.counts.open === 0, WAIT_MS, 'none open');
});

test('reads a handshake in whatever pieces, and what comes behind it', async ({ scene }) => {
  const to = await scene.serve(echo);
  const { port } = await scene.open();
  const all = Buffer.concat([GREETING, request('127.0.0.1', to), Buffer.from('early')]);
  for (let cut = 1; cut < all.length; cut++) {
    const socket = dialExit(port);
    socket.setNoDelay(true);
    socket.write(all.subarray(0, cut));
    if (cut >= GREETING.length) assert.is((await read(socket, 2)).toString('hex'), '0500');
    else await new Promise((resolve) => setImmediate(resolve));
    socket.write(all.subarray(cut));
    const rest = await read(socket, cut >= GREETING.length ? 15 : 17);
    assert.is(rest.toString('latin1').slice(-5), 'early', `cut at ${cut}`);
    socket.destroy();
  }
});

test('takes addresses as addresses too', async ({ scene }) => {
  const to = await scene.serve(echo);
  const { exit, port } = await scene.open();
  const at = [to >> 8, to & 255];
  const v4 = [5, 1, 0, 1, 127, 0, 0, 1, ...at];
  const mapped = [5, 1, 0, 4, ...Array(10).fill(0), 0xff, 0xff, 127, 0, 0, 1, ...at];
  for (const bytes of [v4, mapped]) {
    const socket = dialExit(port);
    socket.write(Buffer.concat([GREETING, Buffer.from(bytes)]));
    assert.is((await read(socket, 12))[3], 0);
    socket.destroy();
  }
  assert.is(scene.egress.fateOf(exit, '[::ffff:7f00:1]', to)?.kind, 'dialled', 'under any spelling');
});

const GARBAGE: readonly (readonly [what: string, bytes: readonly number[], reply: string])[] = [
  ['HTTP', [...Buffer.from('GET / HTTP/1.1\r\n\r\n')], ''],
  ['SOCKS4', [4, 1, 0, 80, 127, 0, 0, 1, 0], ''],
  ['with a password only', [5, 1, 2], '05ff'],
  ['no method', [5, 0], '05ff'],
  ['BIND', [5, 1, 0, 5, 2, 0, 1, 127, 0, 0, 1, 0, 80], '050005070001000000000000'],
  ['an unknown kind of address', [5, 1, 0, 5, 1, 0, 9, 1, 1, 1], '050005080001000000000000'],
  ['another version behind the greeting', [5, 1, 0, 4], '0500'],
];

for (const [what, bytes, reply] of GARBAGE) {
  test(`refuses ${what}, and hangs up`, async ({ scene }) => {
    const { port } = await scene.open();
    const socket = dialExit(port);
    socket.write(Buffer.from(bytes));
    assert.is((await read(socket, 64)).toString('hex'), reply);
    assert.equal(scene.counts.refusals, ['protocol']);
  });
}

test('has a name of no bytes, and a name that is none, for not found', async ({ scene }) => {
  const { exit, port } = await scene.open();
  for (const host of ['', 'a b', 'no.such.example']) {
    const { code } = await reach(port, host, 80);
    assert.is(code, 4, host);
    const fate = scene.egress.fateOf(exit, host, 80);
    assert.is(fate?.kind === 'refused' && fate.netError, 'net::ERR_NAME_NOT_RESOLVED');
  }
});

test('tells a refused connection as such', async ({ scene }) => {
  const to = await scene.serve(echo);
  const { exit, port } = await scene.open();
  const gone = await scene.open();
  scene.egress.close(gone.exit);
  assert.is((await reach(port, '127.0.0.1', gone.port)).code, 5);
  assert.equal(scene.egress.fateOf(exit, '127.0.0.1', gone.port), {
    kind: 'refused',
    reason: 'refused',
    netError: 'net::ERR_CONNECTION_REFUSED',
    message: 'connect: ECONNREFUSED',
  });
  assert.is(scene.egress.fateOf(exit, '127.0.0.1', to), null, 'nobody asked');
  assert.equal(scene.counts.refusals, ['refused']);
});

test('passes on the end of one direction, and keeps the other', async ({ scene }) => {
  const to = await scene.serve((socket) => {
    socket.on('end', () => socket.end('all of it')).resume();
  });
  const { port } = await scene.open();
  const { socket } = await reach(port, '127.0.0.1', to);
  socket.end('question');
  assert.is(await readAll(socket), 'all of it');
});

test('passes on that the other side ends first', async ({ scene }) => {
  let heard = '';
  const to = await scene.serve((socket) => {
    socket.end('greeting');
    socket.on('data', (chunk) => {
      heard += String(chunk);
    });
  });
  const { port } = await scene.open();
  const { socket } = await reach(port, '127.0.0.1', to);
  assert.is(await readAll(socket), 'greeting');
  socket.end('thanks');
  await until(() => heard === 'thanks', WAIT_MS, 'what came after its end');
});

test('passes on a reset', async ({ scene }) => {
  const to = await scene.serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const { port } = await scene.open();
  const { socket } = await reach(port, '127.0.0.1', to);
  socket.removeAllListeners('error');
  const error = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
  socket.resume();
  socket.write('x');
  assert.is((await deadline(error, WAIT_MS, 'a reset')).code, 'ECONNRESET');
});

test('lets the other side go when the page does', async ({ scene }) => {
  let far: Socket | undefined;
  const to = await scene.serve((socket) => {
    far = socket.resume();
  });
  const { port } = await scene.open();
  const { socket } = await reach(port, '127.0.0.1', to);
  await until(() => far, WAIT_MS, 'a connection');
  socket.resetAndDestroy();
  await until(() => far?.destroyed || far?.readableEnded, WAIT_MS, 'its end');
});

test('holds little for a reader that has stopped', async ({ scene }) => {
  const chunk = Buffer.alloc(64 * 1_024);
  const to = await scene.serve((socket) => {
    const write = (): void => {
      while (socket.write(chunk));
    };
    socket.on('drain', write);
    write();
  });
  const { exit, port } = await scene.open();
  const { socket } = await reach(port, '127.0.0.1', to);
  socket.pause();
  // The kernel's own buffers fill first, and then nothing moves.
  let before = -1;
  await until(
    async () => {
      const now = scene.usage.read(exit)?.receivedBytes ?? 0;
      const isStill = now > 0 && now === before;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return isStill;
    },
    WAIT_MS,
    'stillness',
  );
  assert.ok(before < 16 * 1_024 * 1_024, `${before} bytes for nobody`);
  const readBytes = socket.bytesRead;
  socket.resume();
  await until(() => socket.bytesRead > readBytes + 2 * before, WAIT_MS, 'the rest');
});

test('gives up a connection when the page goes, while its name is asked for', async ({ scene }) => {
  for (const question of ['A slow.example', 'AAAA slow.example']) scene.silent.add(question);
  const { exit, port } = await scene.open();
  const socket = dialExit(port);
  socket.write(Buffer.concat([GREETING, request('slow.example', 80)]));
  await until(() => scene.asked.length >= 2, WAIT_MS, 'the questions');
  socket.resetAndDestroy();
  const fate = await until(() => scene.egress.fateOf(exit, 'slow.example', 80), WAIT_MS, 'a fate');
  assert.is(fate.kind === 'refused' && fate.message, 'the page has given it up');
});

test('passes on what has all come with the request, its end too', async ({ scene }) => {
  const to = await scene.serve(echo);
  const { port } = await scene.open();
  const socket = dialExit(port);
  socket.end(Buffer.concat([GREETING, request('127.0.0.1', to), Buffer.from('all')]));
  assert.is((await readAll(socket)).slice(-3), 'all');
});

test('closes at once, with all that is open', async ({ scene }) => {
  const to = await scene.serve(echo);
  const { exit, port } = await scene.open();
  const { socket } = await reach(port, '127.0.0.1', to);
  scene.egress.close(exit);
  await closed(socket);
  await closed(dialExit(port));
  assert.is(scene.egress.fateOf(exit, '127.0.0.1', to), null);
  assert.ok(scene.usage.read(exit), 'its bytes are kept');
});

test('has at most 256 connections a session', async ({ scene }) => {
  const to = await scene.serve(echo);
  const { exit, port } = await scene.open();
  const all = await Promise.all(Array.from({ length: 256 }, () => reach(port, '127.0.0.1', to)));
  assert.ok(all.every(({ code }) => code === 0));
  assert.is((await reach(port, 'localhost', to)).code, 1);
  const fate = scene.egress.fateOf(exit, 'localhost', to);
  assert.is(fate?.kind === 'refused' && fate.reason, 'limit');
  all[0]?.socket.destroy();
  await until(async () => (await reach(port, '127.0.0.1', to)).code === 0, WAIT_MS, 'room for one');
  for (const { socket } of all) socket.destroy();
});

test.run();

const capped = suite('egress/exit, limits');

capped('gives up after 30 s, and says so', async () => {
  let runOut = (): void => assert.unreachable('nobody waits');
  const clock: Clock = {
    ...systemClock,
    after(delayMs, callback) {
      if (delayMs !== 30_000) return systemClock.after(delayMs, callback);
      runOut = callback;
      return () => {};
    },
  };
  const scene = await createScene({}, clock);
  for (const question of ['A slow.example', 'AAAA slow.example']) scene.silent.add(question);
  const { exit, port } = await scene.open();
  const reaching = reach(port, 'slow.example', 80);
  await until(() => scene.asked.length >= 2, WAIT_MS, 'the questions');
  runOut();
  assert.is((await reaching).code, 6);
  const fate = scene.egress.fateOf(exit, 'slow.example', 80);
  assert.is(fate?.kind === 'refused' && fate.netError, 'net::ERR_CONNECTION_TIMED_OUT');
  await scene.close();
});

capped('cuts off a session whose bytes are used up, once, and takes no more of it', async () => {
  const scene = await createScene({ maxSessionBytes: 1_000 });
  try {
    const to = await scene.serve(echo);
    const { exit, port } = await scene.open();
    const first = await reach(port, '127.0.0.1', to);
    const second = await reach(port, '127.0.0.1', to);
    first.socket.write(Buffer.alloc(400));
    await read(first.socket, 400);
    assert.equal(scene.over, []);
    first.socket.write(Buffer.alloc(300));
    await Promise.all([closed(first.socket), closed(second.socket)]);
    assert.equal(scene.over, [exit]);
    assert.is((await reach(port, '127.0.0.1', to)).code, 1);
    const fate = scene.egress.fateOf(exit, '127.0.0.1', to);
    assert.is(fate?.kind === 'refused' && fate.reason, 'limit');
    assert.equal(scene.over, [exit]);
    const other = await scene.open();
    assert.is((await reach(other.port, '127.0.0.1', to)).code, 0, 'others go on');
  } finally {
    await scene.close();
  }
});

capped.run();
