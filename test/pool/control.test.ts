import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openControl, type WorkerWords } from '../../src/pool/control.js';
import type { ControlMessage, ControlReply, Fonts, Outcome } from '../../src/protocol/job.js';
import { deadline } from '../deadline.js';

const UNHEARD: WorkerWords = { onReady: () => {}, onFonts: () => {}, onLoading: () => {} };
const test = suite('pool/control');
const MESSAGE_MS = 5_000;
const endpoint = (generation: number) => ({
  generation,
  pid: 0,
  readPath: '',
  writePath: '',
  artifactsDir: '',
  homeDir: '',
});

function failed(message: string): Outcome {
  return { isOk: false, code: 'SESSION_FAILED', message };
}

function outcome(sequence: number, message: string): ControlReply {
  return { kind: 'outcome', sequence, outcome: failed(message) };
}

test('tells each job its own outcome, once', async () => {
  const { port1, port2 } = new MessageChannel();
  const control = openControl(port1, UNHEARD);
  const told: [number, Outcome][] = [];
  const both = new Promise<void>((resolve) => {
    for (const sequence of [1, 2]) {
      control.expect(sequence, {
        settle(one) {
          told.push([sequence, one]);
          if (told.length === 2) resolve();
        },
        advance: () => {},
      });
    }
  });
  for (const reply of [outcome(2, 'b'), outcome(2, 'again'), outcome(7, 'of nobody'), outcome(1, 'a')]) {
    port2.postMessage(reply);
  }
  port1.ref();
  await deadline(both, MESSAGE_MS, 'the outcomes');
  assert.equal(told, [
    [2, failed('b')],
    [1, failed('a')],
  ]);
  control.close();
});

test('a task that ends before its outcome was told has it told at once, and others with it', () => {
  const { port1, port2 } = new MessageChannel();
  const control = openControl(port1, UNHEARD);
  const told: number[] = [];
  for (const sequence of [1, 2, 3]) {
    control.expect(sequence, { settle: () => told.push(sequence), advance: () => {} });
  }
  port2.postMessage(outcome(1, 'a'));
  port2.postMessage(outcome(2, 'b'));
  control.conclude(2);
  assert.equal(told, [1, 2]);
  control.conclude(3);
  port2.postMessage(outcome(3, 'too late'));
  control.close();
  assert.equal(told, [1, 2], 'the task had ended without an outcome');
});

test('what a thread had sent before it died is told', async () => {
  const { port1, port2 } = new MessageChannel();
  const control = openControl(port1, UNHEARD);
  const told: Outcome[] = [];
  control.expect(1, { settle: (one) => told.push(one), advance: () => {} });
  const reply = JSON.stringify(outcome(1, 'the last word'));
  const code = `require('worker_threads').workerData.postMessage(${reply}); process.exit(0)`;
  const thread = new Worker(code, { eval: true, workerData: port2, transferList: [port2] });
  await deadline(once(thread, 'exit'), MESSAGE_MS, 'the end of the thread');
  control.close();
  control.conclude(1);
  assert.equal(told, [failed('the last word')]);
});

test('tells how many pages are ready', async () => {
  const { port1, port2 } = new MessageChannel();
  const told: number[] = [];
  const both = new Promise<void>((resolve) => {
    const onReady = (pages: number): void => {
      told.push(pages);
      if (told.length < 2) return;
      control.close();
      resolve();
    };
    const control = openControl(port1, { ...UNHEARD, onReady });
  });
  for (const pages of [2, 1]) port2.postMessage({ kind: 'ready', pages } satisfies ControlReply);
  port1.ref();
  await deadline(both, MESSAGE_MS, 'both');
  assert.equal(told, [2, 1]);
});

test('tells what was found of fonts', async () => {
  const { port1, port2 } = new MessageChannel();
  const found: Fonts = { isKnown: true, missing: ['Thai'] };
  const told = new Promise<Fonts>((resolve) => {
    const control = openControl(port1, {
      ...UNHEARD,
      onFonts(fonts) {
        control.close();
        resolve(fonts);
      },
    });
  });
  port2.postMessage({ kind: 'fonts', fonts: found } satisfies ControlReply);
  port1.ref();
  assert.equal(await deadline(told, MESSAGE_MS, 'the fonts'), found);
});

test('attaching hears of its own browser only, and of the death of the thread', async () => {
  const { port1, port2 } = new MessageChannel();
  const control = openControl(port1, UNHEARD);
  const lost: number[] = [];
  const unusable: [number, string][] = [];
  let hear = (): void => {};
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const asked: ControlMessage[] = [];
  port2.on('message', (message: ControlMessage) => {
    asked.push(message);
    if (message.kind !== 'attach') return;
    const { generation } = message.endpoint;
    const say = (reply: ControlReply): void => port2.postMessage(reply);
    if (generation === 1) return say({ kind: 'attachFailed', generation, message: 'no such pipe' });
    if (generation === 3) return port2.close();
    say({ kind: 'lost', generation: 1 });
    say({ kind: 'attached', generation });
    say({ kind: 'unusable', generation: 1, reason: 'unresponsive' });
    say({ kind: 'unusable', generation, reason: 'no_pages' });
    say({ kind: 'lost', generation });
  });
  const attach = (generation: number): Promise<void> =>
    deadline(
      control.attach(endpoint(generation), {
        onDoubt: () => {},
        onUnusable: (one, reason) => unusable.push([one, reason]),
        onLost: (one) => {
          lost.push(one);
          hear();
        },
      }),
      MESSAGE_MS,
      'an answer',
    );
  const whyNot = async (generation: number): Promise<unknown> => await attach(generation).catch(String);
  assert.match(String(await whyNot(1)), 'no such pipe');
  await attach(2);
  await deadline(heard, MESSAGE_MS, 'the loss of the browser');
  assert.match(String(await whyNot(3)), 'the thread died');
  assert.equal(lost, [2]);
  assert.equal(unusable, [[2, 'no_pages']]);
  assert.is(asked.length, 3);
});

test.run();
