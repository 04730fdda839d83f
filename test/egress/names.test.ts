/**
 * Names, by a real name server: resolved once, judged by all their addresses, dialled at the address that was judged.
 */

import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Fate } from '../../src/protocol/egress.js';
import { createScene, reach, read, type Scene } from './scene.js';

const test = suite<{ scene: Scene }>('egress/names');

test.before.each(async (context) => {
  context.scene = await createScene({ deny: '127.6.6.6, ::2' });
});
test.after.each(({ scene }) => scene.close());

/** Tells its client at which address it was reached. */
const sayAddress = (socket: Socket): void => void socket.end(`${socket.localAddress} `.padEnd(16));

function reasonOf(fate: Fate | null): string {
  return fate?.kind === 'refused' ? fate.reason : (fate?.kind ?? 'none');
}

test('asks for a name once, and dials the very address that was judged', async ({ scene }) => {
  const to = await scene.serve(sayAddress, '0.0.0.0');
  scene.names.set('flip.example', ['127.0.0.2']);
  const { exit, port } = await scene.open();
  for (let round = 0; round < 3; round++) {
    const { socket } = await reach(port, 'flip.example', to);
    assert.is(String(await read(socket, 16)).trim(), '127.0.0.2');
    scene.names.set('flip.example', ['127.6.6.6']);
  }
  assert.equal(scene.asked.toSorted(), ['A flip.example', 'AAAA flip.example']);
  assert.equal(scene.egress.fateOf(exit, 'FLIP.example.', to), { kind: 'dialled', address: '127.0.0.2', port: to });
  const other = await scene.open();
  assert.is((await reach(other.port, 'flip.example', to)).code, 2, 'another session asks anew, and is refused');
});

test('a name that had a denied address first is judged anew, not by what it had', async ({ scene }) => {
  const to = await scene.serve(sayAddress, '0.0.0.0');
  scene.names.set('flip.example', ['127.6.6.6']);
  const { exit, port } = await scene.open();
  assert.is((await reach(port, 'flip.example', to)).code, 2);
  scene.names.set('flip.example', ['127.0.0.2']);
  assert.is((await reach(port, 'flip.example', to)).code, 2, 'the same session knows it already');
  assert.is(reasonOf(scene.egress.fateOf(exit, 'flip.example', to)), 'policy');
});

test('refuses a name with one denied address among others, of either kind', async ({ scene }) => {
  const to = await scene.serve(sayAddress, '0.0.0.0');
  scene.names.set('a.example', ['127.0.0.1', '127.6.6.6']);
  scene.names.set('b.example', ['127.0.0.1', '::2']);
  scene.names.set('c.example', ['127.0.0.1', '::ffff:127.6.6.6']);
  const { exit, port } = await scene.open();
  for (const name of ['a.example', 'b.example', 'c.example']) {
    assert.is((await reach(port, name, to)).code, 2, name);
    const fate = scene.egress.fateOf(exit, name, to);
    assert.match(fate?.kind === 'refused' ? fate.message : '', ` of ${name} is denied by NETWORK_DENY `);
  }
});

test('tries the addresses of both kinds in turn', async ({ scene }) => {
  const to = await scene.serve(sayAddress, '127.0.0.3');
  scene.names.set('both.example', ['::1', '127.0.0.4', '127.0.0.3']);
  const { exit, port } = await scene.open();
  const { socket } = await reach(port, 'both.example', to);
  assert.is(String(await read(socket, 16)).trim(), '127.0.0.3');
  assert.equal(scene.egress.fateOf(exit, 'both.example', to), { kind: 'dialled', address: '127.0.0.3', port: to });
});

test('does not wait long for a kind of addresses that nobody answers for', async ({ scene }) => {
  const to = await scene.serve(sayAddress, '127.0.0.1');
  scene.names.set('half.example', ['127.0.0.1']);
  scene.silent.add('AAAA half.example');
  const { port } = await scene.open();
  assert.is((await reach(port, 'half.example', to)).code, 0);
});

test('asks anew for a name whose addresses do not answer', async ({ scene }) => {
  const to = await scene.serve(sayAddress, '127.0.0.3');
  scene.names.set('moved.example', ['127.0.0.4']);
  const { port } = await scene.open();
  assert.is((await reach(port, 'moved.example', to)).code, 5);
  scene.names.set('moved.example', ['127.0.0.3']);
  assert.is((await reach(port, 'moved.example', to)).code, 0);
});

test('knows the hosts file, and what has changed in it, and asks nobody for those', async ({ scene }) => {
  const to = await scene.serve(sayAddress, '0.0.0.0');
  scene.names.set('printer', ['127.6.6.6']);
  writeFileSync(scene.hostsPath, '# ours\n127.0.0.5 Printer printer.lan # here\nnonsense line\n');
  const first = await scene.open();
  const { socket } = await reach(first.port, 'printer', to);
  assert.is(String(await read(socket, 16)).trim(), '127.0.0.5');
  writeFileSync(scene.hostsPath, '127.6.6.6 printer\n');
  const second = await scene.open();
  assert.is((await reach(second.port, 'PRINTER.', to)).code, 2);
  assert.equal(scene.asked, []);
});

test('localhost and what is below it is loopback, whoever says otherwise', async ({ scene }) => {
  const to = await scene.serve(sayAddress, '127.0.0.1');
  writeFileSync(scene.hostsPath, '127.6.6.6 localhost a.localhost\n');
  const { port } = await scene.open();
  for (const name of ['localhost', 'LOCALHOST.', 'a.localhost']) assert.is((await reach(port, name, to)).code, 0, name);
  assert.equal(scene.asked, []);
});

test('denies a name by name before anybody is asked for it', async () => {
  const scene = await createScene({ deny: '*.denied.example' });
  const { port } = await scene.open();
  assert.is((await reach(port, 'a.denied.example', 80)).code, 2);
  assert.equal(scene.asked, []);
  await scene.close();
});

test('policy public refuses names that lead inside', async () => {
  const scene = await createScene({ policy: 'public', allow: 'ours.example' });
  const to = await scene.serve(sayAddress, '127.0.0.1');
  for (const name of ['inside.example', 'ours.example']) scene.names.set(name, ['127.0.0.1']);
  const { port } = await scene.open();
  assert.is((await reach(port, 'inside.example', to)).code, 2);
  assert.is((await reach(port, 'localhost', to)).code, 2);
  assert.is((await reach(port, 'ours.example', to)).code, 0);
  await scene.close();
});

test.run();
