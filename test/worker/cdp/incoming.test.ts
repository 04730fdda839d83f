/**
 * Which frame is handed on when: a page that makes noise holds up nobody else.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Frame } from '../../../src/worker/cdp/frame.js';
import { createIncoming, type Incoming } from '../../../src/worker/cdp/incoming.js';

interface Scene {
  incoming: Incoming;
  /** `session method` of each frame, as it is handed on. */
  got: string[];
  tooMuch: string[];
  /** Thrown when the frame with this method is handed on. */
  throws: string;
}

const test = suite<Scene>('worker/cdp/incoming');
const session = (letter: string): string => letter.repeat(32);
const [A, B, C] = ['A', 'B', 'C'].map(session) as [string, string, string];

test.before.each((scene) => {
  Object.assign(scene, { got: [], tooMuch: [], throws: '' });
  scene.incoming = createIncoming({
    take: () => false,
    isWanted: (_frame, method) => method !== 'Un.wanted',
    onFrame({ sessionId, method = 'answer' }: Frame) {
      if (method === scene.throws) throw new Error('a bug');
      scene.got.push(`${sessionId?.[0] ?? 'root'} ${method}`);
    },
    onTooMuch: (page) => scene.tooMuch.push(page),
  });
});

function event(sessionId: string | null, method: string, params: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ method, params, ...(sessionId === null ? {} : { sessionId }) }));
}

/** Waits until all frames have been handed on. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('a page may log 20 000 lines, those of what is in it included; it is told of once, and others have their own', ({
  incoming,
  got,
  tooMuch,
}) => {
  const line = (of: string): Buffer => event(of, 'Runtime.consoleAPICalled', { type: 'log' });
  incoming.add(event(A, 'Target.attachedToTarget', { sessionId: B }));
  for (let i = 0; i < 10_000; i++) incoming.add(line(A));
  for (let i = 0; i < 9_999; i++) incoming.add(line(B));
  for (let i = 0; i < 5_000; i++) incoming.add(line(C));
  assert.equal(tooMuch, []);
  incoming.add(event(B, 'Log.entryAdded', { entry: {} }));
  for (let i = 0; i < 10; i++) incoming.add(line(A));
  assert.equal(tooMuch, [A]);
  incoming.forget(A);
  incoming.add(line(A));
  assert.equal(tooMuch, [A]);
  assert.equal(
    got.filter((one) => /consoleAPI|entryAdded/.test(one)),
    [],
  );
});

test('pages take turns, each in its own order; the browser as a whole comes first', async ({ incoming, got }) => {
  for (let i = 1; i <= 4; i++) incoming.add(event(A, `A.${i}`));
  incoming.add(event(B, 'B.1'));
  incoming.add(event(null, 'Target.any'));
  incoming.add(event(B, 'B.2'));
  await turn();
  assert.equal(got, ['root Target.any', 'A A.1', 'B B.1', 'A A.2', 'B B.2', 'A A.3', 'A A.4']);
});

test('each is handed on in a task of its own', async ({ incoming, got }) => {
  for (const method of ['1', '2', '3']) {
    incoming.add(event(A, method));
  }
  const order: string[] = [];
  Object.assign(got, {
    push(line: string) {
      order.push(line);
      void Promise.resolve()
        .then(() => {})
        .then(() => order.push(`after ${line}`));
    },
  });
  await turn();
  assert.equal(order, ['A 1', 'after A 1', 'A 2', 'after A 2', 'A 3', 'after A 3']);
});

test('what nobody needs is let go, wherever it comes from', async ({ incoming, got }) => {
  for (const method of ['Runtime.consoleAPICalled', 'Log.entryAdded', 'Un.wanted', 'Wanted.one']) {
    incoming.add(event(A, method));
  }
  incoming.add(Buffer.from(`{"id":3,"result":{},"sessionId":"${A}"}`));
  await turn();
  assert.equal(got, ['A Wanted.one', 'A answer']);
});

test("what is in a page has the page's turn, and its order", async ({ incoming, got }) => {
  incoming.add(event(A, 'Target.attachedToTarget', { sessionId: C }));
  incoming.add(event(C, 'C.1'));
  incoming.add(event(B, 'B.1'));
  incoming.add(event(C, 'C.2'));
  await turn();
  assert.equal(got, ['A Target.attachedToTarget', 'B B.1', 'C C.1', 'C C.2']);
});

test('a page of which more than 64 MB wait ends alone', async ({ incoming, got, tooMuch }) => {
  const large = 'x'.repeat(16 * 2 ** 20 - 200);
  for (let i = 0; i < 4; i++) incoming.add(event(A, 'Large.one', { large }));
  incoming.add(event(B, 'B.1'));
  assert.equal(tooMuch, []);
  incoming.add(event(A, 'Large.one', { large }));
  assert.equal(tooMuch, [A]);
  await turn();
  assert.equal(got, ['B B.1'], 'what had waited of it is gone');
});

test("a throw while a page's frame is read ends that page; what is no frame is nothing", async (scene) => {
  const { incoming, got, tooMuch } = scene;
  scene.throws = 'Bad.one';
  incoming.add(event(A, 'Bad.one'));
  incoming.add(event(B, 'B.1'));
  for (const text of ['null', '5', '"x"']) incoming.add(Buffer.from(text));
  incoming.add(Buffer.from(`{"method":"Cut.off","params":{,"sessionId":"${C}"}`));
  await turn();
  assert.equal(got, ['B B.1']);
  assert.equal(tooMuch, [A, C]);
});

test('what has gone is forgotten', async ({ incoming, got }) => {
  incoming.add(event(A, 'A.1'));
  incoming.forget(A);
  incoming.add(event(B, 'B.1'));
  await turn();
  assert.equal(got, ['B B.1']);
});

test.run();
