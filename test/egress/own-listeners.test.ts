/**
 * The server's own listeners are out of reach, at every address of the machine and under every name.
 */

import { networkInterfaces } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../src/clock.js';
import { parseAddress } from '../../src/egress/addresses.js';
import { dial } from '../../src/egress/dial.js';
import { createGiveUp } from '../../src/egress/given-up.js';
import { createOwnListeners } from '../../src/egress/own-listeners.js';
import { createScene, reach, type Scene } from './scene.js';

const test = suite<{ scene: Scene }>('egress/own-listeners');

test.before.each(async (context) => {
  context.scene = await createScene({ allow: '*' });
});
test.after.each(({ scene }) => scene.close());

const machine = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
const SPELLINGS = [
  ...machine.filter((address) => !address.startsWith('fe80')),
  ...['127.0.0.1', '127.1', '0x7f.1', '127.9.9.9', '0.0.0.0', '0', '::', '::1', '::ffff:127.0.0.1', '::127.0.0.1'],
  ...['::ffff:0.0.0.0', 'localhost', 'LOCALHOST.', 'x.localhost', 'rebind.example', '64:ff9b::127.0.0.1'],
];

test('refuses the server and every exit, itself included, though all is allowed', async ({ scene }) => {
  const server = await scene.serve(() => assert.unreachable('reached'), '0.0.0.0');
  const fine = await scene.serve(() => {}, '0.0.0.0');
  scene.egress.setListeners([server]);
  scene.names.set('rebind.example', ['127.0.0.1']);
  const { exit, port } = await scene.open();
  const other = await scene.open();
  for (const to of [server, port, other.port]) {
    for (const spelled of SPELLINGS) {
      assert.is((await reach(port, spelled, to)).code, 2, `${spelled}:${to}`);
      const fate = scene.egress.fateOf(exit, spelled, to);
      assert.is(fate?.kind === 'refused' && fate.reason, 'listener', spelled);
    }
  }
  assert.is((await reach(port, '127.0.0.1', fine)).code, 0, 'other ports are reached');
});

test('a port is free for others when its listener has gone', async ({ scene }) => {
  const to = await scene.serve(() => {});
  scene.egress.setListeners([to]);
  const { port } = await scene.open();
  assert.is((await reach(port, '127.0.0.1', to)).code, 2);
  scene.egress.setListeners([]);
  assert.is((await reach(port, '127.0.0.1', to)).code, 0);
});

test('finds out by the connection when nobody knew that an address is the machine its own', async ({ scene }) => {
  let bytes = 0;
  const to = await scene.serve((socket) => {
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
  });
  const own = createOwnListeners(() => []);
  const addresses = [parseAddress('127.0.0.1')].flatMap((address) => address ?? []);
  const options = { addresses, port: to, givenUp: createGiveUp(), own, clock: systemClock };
  const { socket } = await dial(options);
  socket.destroy();
  own.setPorts([to]);
  const error = await dial(options).catch((reason) => reason);
  assert.is(error.refused.reason, 'listener');
  assert.is(bytes, 0);
});

test('means the same port elsewhere by nothing', () => {
  const own = createOwnListeners(() => ['192.168.7.7', 'fe80::1']);
  own.setPorts([80]);
  const isOwn = (text: string, port: number): boolean => {
    const address = parseAddress(text);
    return address !== null && own.isOwn(address, port);
  };
  for (const text of [
    '192.168.7.7',
    '::ffff:192.168.7.7',
    '2002:c0a8:707::',
    'fe80::1',
    '127.3.2.1',
    '0.0.0.0',
    '::',
  ]) {
    assert.ok(isOwn(text, 80), text);
    assert.not(isOwn(text, 81), text);
  }
  for (const text of ['192.168.7.8', '8.8.8.8', '2606:4700::1']) assert.not(isOwn(text, 80), text);
});

test.run();
