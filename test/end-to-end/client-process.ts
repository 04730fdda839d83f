/**
 * A client over WebSocket in a process of its own, which a test stops or kills in the middle of its work. It speaks
 * plain CDP. In: where to connect, what to do, and with what; out: a line at each step.
 */

import { once } from 'node:events';
import { WebSocket } from 'ws';

const [, , endpoint = '', part = '', given = ''] = process.argv;
const socket = new WebSocket(endpoint, { perMessageDeflate: false });
const waiting = new Map<number, (result: Result) => void>();
let lastId = 0;
let told = 0;

interface Result {
  readonly targetId: string;
  readonly sessionId: string;
  readonly result: { readonly value: string };
}

interface Command {
  readonly method: string;
  readonly params: object;
  readonly sessionId?: string;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function ask(method: string, params: object = {}, sessionId?: string): Promise<Result> {
  const command: Command = { method, params, ...(sessionId ? { sessionId } : {}) };
  return new Promise((resolve) => {
    waiting.set(++lastId, resolve);
    socket.send(JSON.stringify({ id: lastId, ...command }));
  });
}

/** Below every limit, and no two are alike. */
const WHOLE = 2 ** 22;
const TOGETHER = 5;

/** What it does with a page. It says a word when it has come to that point. */
const PARTS: Readonly<Record<string, (sessionId: string) => Promise<void>>> = {
  async loads(sessionId) {
    void ask('Page.navigate', { url: given }, sessionId);
    say('loads');
  },
  async evaluates(sessionId) {
    await ask('Runtime.evaluate', { expression: 'true' }, sessionId);
    void ask('Runtime.evaluate', { expression: 'for (;;) {}' }, sessionId);
    say('evaluates');
  },
  async receives(sessionId) {
    await ask('Runtime.enable', {}, sessionId);
    await ask('Runtime.addBinding', { name: 'tell' }, sessionId);
    await ask('Runtime.evaluate', { expression: "setInterval(() => tell('x'.repeat(2 ** 20)), 0)" }, sessionId);
    while (told < 5) await once(socket, 'message');
    say('receives');
  },
  async transfers(sessionId) {
    const one = async (index: number): Promise<boolean> => {
      const digits = String(index).padStart(8, '0');
      const expression = `'${digits}'.repeat(${WHOLE / 8})`;
      const { result } = await ask('Runtime.evaluate', { expression, returnByValue: true }, sessionId);
      return result.value === digits.repeat(WHOLE / 8);
    };
    let intact = 0;
    for (let index = 0; index < Number(given); index += TOGETHER) {
      const all = await Promise.all(Array.from({ length: TOGETHER }, (_, i) => one(index + i)));
      intact += all.filter(Boolean).length;
    }
    say(`${intact} intact`);
    socket.close();
  },
};

socket.on('message', (data: Buffer) => {
  const { id, method, result } = JSON.parse(data.toString());
  if (method === 'Runtime.bindingCalled') told++;
  waiting.get(id)?.(result);
  waiting.delete(id);
});
socket.on('close', (code) => say(`closed ${code}`));
socket.on('error', () => {});
await once(socket, 'open');
say('open');
const play = PARTS[part];
if (play) {
  const { targetId } = await ask('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await ask('Target.attachToTarget', { targetId, flatten: true });
  await play(sessionId);
}
