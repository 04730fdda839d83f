/**
 * When a client's socket is given up: with made-up time, and a socket of which nobody is at the other end.
 */

import { EventEmitter } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientSocket } from '../../../src/worker/broker/listener.js';
import { createPeer, type Ended, type Peer } from '../../../src/worker/broker/peer.js';
import { createTimedClock, type TimedClock } from '../../admission/timed-clock.js';

interface Scene {
  clock: TimedClock;
  socket: EventEmitter & { bufferedAmount: number };
  did: string[];
  counted: string[];
  ends: Ended[];
  peer: Peer;
}

const test = suite<Scene>('worker/broker/peer');

test.before.each((scene) => {
  const did: string[] = [];
  const socket = Object.assign(new EventEmitter(), {
    bufferedAmount: 0,
    ping: () => did.push('ping'),
    gather: () => {},
    pause: () => {},
    resume: () => {},
    send: (frame: string) => did.push(`send ${frame.length}`),
    close: (code: number, why: string) => did.push(`close ${code} ${why}`),
    terminate: () => did.push('terminate'),
  });
  Object.assign(scene, { clock: createTimedClock(), socket, did, counted: [], ends: [] });
  scene.peer = createPeer({
    socket: socket as unknown as ClientSocket,
    limits: { maxBufferedBytes: 1000, idleMs: 200_000 },
    clock: scene.clock,
    tally: { frame: (direction) => scene.counted.push(direction) },
    onFrame: (frame) => did.push(`frame ${frame}`),
    onEnd: (why) => scene.ends.push(why),
  });
  scene.peer.resume();
});

test('it is pinged each 30 s, and cut off when two have not been answered', ({ clock, socket, did, ends }) => {
  clock.pass(30_000);
  socket.emit('pong');
  clock.pass(30_000);
  clock.pass(30_000);
  assert.equal([did, ends], [['ping', 'ping', 'ping'], []]);
  clock.pass(30_000);
  assert.equal(did, ['ping', 'ping', 'ping', 'terminate']);
  assert.equal(
    ends.map((end) => end?.code),
    ['CLIENT_CLOSED'],
  );
});

test('whatever it sends is an answer to a ping, and no silence', ({ clock, socket, did, ends }) => {
  for (let i = 0; i < 10; i++) {
    clock.pass(30_000);
    socket.emit('message', 'x');
  }
  assert.equal(ends, []);
  assert.is(did.filter((one) => one === 'frame x').length, 10);
});

test('its silence counts from its last frame, whatever it answers to pings', ({ clock, socket, did, ends }) => {
  const passAnswered = (times: number): void => {
    for (let i = 0; i < times; i++) {
      clock.pass(28_000);
      socket.emit('pong');
    }
  };
  passAnswered(3);
  socket.emit('message', 'x');
  passAnswered(7);
  assert.equal(ends, []);
  clock.pass(4_000);
  assert.is(ends[0]?.code, 'SESSION_TIMEOUT');
  assert.is(did.at(-1), 'close 1001 idle: the client has sent nothing for 200000 ms');
  clock.pass(2_000);
  assert.is(did.at(-1), 'terminate', 'who does not answer that it has seen the end');
});

test('what waits for it is bounded, but for one frame that is larger', ({ socket, did, ends, peer }) => {
  socket.bufferedAmount = 1000;
  peer.send('x'.repeat(5000));
  socket.bufferedAmount = 6000;
  peer.send('y');
  assert.equal([did, ends], [['send 5000', 'send 1'], []]);
  socket.bufferedAmount = 6001;
  peer.send('z');
  assert.equal(did, ['send 5000', 'send 1', 'terminate']);
  assert.is(ends[0]?.message, 'the client reads too slowly');
  peer.send('after');
  assert.is(did.length, 3);
});

test('it was heard when its last frame came, whatever it answers to pings', ({ clock, socket, peer }) => {
  const openedAtMs = peer.heardAtMs();
  clock.pass(5_000);
  socket.emit('pong');
  assert.is(peer.heardAtMs(), openedAtMs);
  socket.emit('message', 'x');
  assert.is(peer.heardAtMs(), openedAtMs + 5_000);
});

test('frames are counted that go either way, and no others', ({ socket, counted, peer }) => {
  socket.emit('message', 'x');
  socket.emit('pong');
  peer.send('y');
  peer.send('z');
  socket.bufferedAmount = 5000;
  peer.send('too much');
  socket.emit('message', 'late');
  assert.equal(counted, ['received', 'sent', 'sent']);
});

test('a large frame that has been read counts no more', ({ socket, did, peer }) => {
  peer.send('x'.repeat(5000));
  socket.bufferedAmount = 0;
  peer.send('y');
  socket.bufferedAmount = 1002;
  peer.send('z');
  assert.is(did.at(-1), 'terminate');
});

test('the first reason is the one, and nothing is left', ({ clock, socket, did, ends, peer }) => {
  peer.end(1000, null);
  peer.end(1011, { isOk: false, code: 'INTERNAL', message: 'late' });
  socket.emit('message', 'x');
  socket.emit('close', 1000);
  clock.pass(500_000);
  assert.equal([did, ends], [['close 1000 '], [null]]);
});

test('a frame that WebSocket does not allow is the client’s mistake', ({ socket, ends }) => {
  socket.emit(
    'error',
    Object.assign(new Error('Max payload size exceeded'), { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }),
  );
  socket.emit('close', 1009);
  assert.equal(
    ends.map((end) => end && `${end.code}: ${end.message}`),
    ['BAD_REQUEST: a message is larger than MAX_MESSAGE_SIZE'],
  );
});

test('a reset is its end, and no mistake', ({ socket, ends }) => {
  socket.emit('error', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  socket.emit('close', 1006);
  assert.equal(ends, [null]);
});

test.run();
