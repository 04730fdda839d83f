/**
 * What a socket's owner answers: one that lives, in every state that it can be in, and one that does not.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Answer, ask, listenAt } from '../src/liveness.js';
import { deadline } from './deadline.js';

const WAIT_MS = 5_000;
const LIVENESS = new URL('../src/liveness.js', import.meta.url).href;

interface Context {
  folder: string;
  children: ChildProcess[];
}

const test = suite<Context>('liveness');

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'headcount-liveness-'));
  context.children = [];
});
test.after.each(({ folder, children }) => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A process that listens at `path` and then waits for `stdin`, unless `then` says otherwise. */
async function startHolder({ children }: Context, path: string, then = 'process.stdin.resume()') {
  const code = `
    const { listenAt } = await import('${LIVENESS}');
    await listenAt(${JSON.stringify(path)}, () => 'holds');
    process.stdout.write('listens\\n');
    ${then}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const exited = once(child, 'exit');
  await deadline(once(child.stdout, 'data'), WAIT_MS, 'a holder');
  return { child, exited };
}

test('an owner says what it is, now', async ({ folder }) => {
  const path = join(folder, 'socket');
  let says: Answer = 'asks';
  const leave = await listenAt(path, () => says);
  assert.is(await ask(path), 'asks');
  says = 'holds';
  assert.is(await ask(path), 'holds');
  await leave();
  assert.is(await ask(path), 'dead');
  assert.equal(readdirSync(folder), []);
});

test('no socket, and a file that is none, are dead', async ({ folder }) => {
  writeFileSync(join(folder, 'file'), 'holds');
  assert.equal([await ask(join(folder, 'file')), await ask(join(folder, 'nothing'))], ['dead', 'dead']);
});

test('a killed owner is dead, a stopped one is not', async (context) => {
  const path = join(context.folder, 'socket');
  const { child, exited } = await startHolder(context, path);
  assert.is(await ask(path), 'holds');
  child.kill('SIGSTOP');
  assert.is(await deadline(ask(path), WAIT_MS, 'an answer'), 'holds');
  child.kill('SIGKILL');
  await deadline(exited, WAIT_MS, 'the end');
  assert.ok(existsSync(path), 'the socket is left');
  assert.is(await ask(path), 'dead');
});

test('an owner that closes connections unanswered, as without descriptors, lives', async ({ folder }) => {
  const path = join(folder, 'socket');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  assert.is(await ask(path), 'holds');
  await new Promise((resolve) => server.close(resolve));
});

test('leaving does not wait for who asked and never hangs up', async ({ folder }) => {
  const path = join(folder, 'socket');
  const leave = await listenAt(path, () => 'holds');
  const asker = createConnection({ path, allowHalfOpen: true });
  await deadline(once(asker, 'data'), WAIT_MS, 'an answer');
  await deadline(leave(), WAIT_MS, 'leaving');
  asker.destroy();
});

test('a socket moves with its folder, and under another name', async ({ folder }) => {
  const [before, after] = [join(folder, 'before'), join(folder, 'after')];
  mkdirSync(before);
  const leave = await listenAt(join(before, 'a'), () => 'holds');
  renameSync(before, after);
  renameSync(join(after, 'a'), join(after, 'b'));
  assert.is(await ask(join(after, 'b')), 'holds');
  await leave();
  assert.is(await ask(join(after, 'b')), 'dead');
});

test('a path longer than an address: heard, removed, no descriptor kept', async ({ folder }) => {
  const deep = join(folder, ...Array.from({ length: 5 }, () => 'a'.repeat(40)));
  mkdirSync(deep, { recursive: true });
  const path = join(deep, 'socket');
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  for (let round = 0; round < 20; round++) {
    const leave = await listenAt(path, () => 'holds');
    assert.is(await ask(path), 'holds');
    await assertRejects(listenAt(path, () => 'holds'));
    await leave();
    assert.is(await ask(path), 'dead');
  }
  // Connections of the test before may still have been closing.
  assert.ok(descriptors() <= before + 5);
  assert.equal(readdirSync(deep), []);
});

test('where it cannot listen, it says so', async ({ folder }) => {
  await assertRejects(listenAt(join(folder, 'missing', 'socket'), () => 'holds'));
});

test('listening alone keeps no process alive', async (context) => {
  const { exited } = await startHolder(context, join(context.folder, 'socket'), '');
  const [code] = await deadline(exited, WAIT_MS, 'the end');
  assert.is(code, 0);
});

async function assertRejects(promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.then(
    () => 'resolved',
    () => 'rejected',
  );
  assert.is(outcome, 'rejected');
}

test.run();
