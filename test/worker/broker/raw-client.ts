/**
 * A client that sends whatever it likes, and keeps all that it is told.
 */

import { once } from 'node:events';
import { WebSocket } from 'ws';
import { deadline, until } from '../../deadline.js';

const WAIT_MS = 15_000;

/** Of any command: what the tests look at, and whoever asks knows what there is. */
export interface Result {
  readonly targetId: string;
  readonly sessionId: string;
  readonly browserContextId: string;
  readonly browserContextIds: readonly string[];
  readonly windowId: number;
  readonly targetInfo: { readonly targetId: string; readonly browserContextId: string };
  readonly targetInfos: readonly { readonly type: string }[];
  readonly cookies: readonly unknown[];
  readonly frameTree: { readonly frame: { readonly id: string } };
  readonly executionContextId: number;
  readonly result: { readonly value: string };
  readonly errorText?: string;
}

export interface Answer {
  readonly result?: Result;
  readonly error?: { readonly code: number; readonly message: string };
}

export interface RawClient {
  readonly socket: WebSocket;
  /** Frames as they came. */
  readonly frames: string[];
  ask(method: string, params?: object, sessionId?: string): Promise<Answer>;
  /** As `ask`; throws what is refused. */
  get(method: string, params?: object, sessionId?: string): Promise<Result>;
  /** A page of its own, and a session with it. */
  openPage(url?: string): Promise<{ readonly targetId: string; readonly sessionId: string }>;
  /** The code and reason with which it was closed. */
  closed(): Promise<string>;
}

export async function openRawClient(url: string): Promise<RawClient> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const frames: string[] = [];
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  socket.on('error', () => {});
  const closing = new Promise<string>((resolve) => socket.on('close', (code, why) => resolve(`${code} ${why}`)));
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    frames.push(text);
    const { id, ...answer } = JSON.parse(text);
    waiting.get(id)?.(answer);
  });
  await deadline(once(socket, 'open'), WAIT_MS, 'the client to be connected');

  const ask: RawClient['ask'] = async (method, params = {}, sessionId) => {
    const id = ++lastId;
    const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, sessionId }));
    return await deadline(answer, WAIT_MS, method);
  };
  const get: RawClient['get'] = async (method, params, sessionId) => {
    const { result, error } = await ask(method, params, sessionId);
    if (!result) throw new Error(`${method}: ${error?.message}`);
    return result;
  };
  return {
    socket,
    frames,
    ask,
    get,
    async openPage(pageUrl = 'about:blank') {
      const { targetId } = await get('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await get('Target.attachToTarget', { targetId, flatten: true });
      await get('Page.enable', {}, sessionId);
      if (pageUrl !== 'about:blank') {
        await get('Page.navigate', { url: pageUrl }, sessionId);
        const loaded = (): boolean =>
          frames.some((frame) => frame.includes('Page.loadEventFired') && frame.includes(sessionId));
        await until(loaded, WAIT_MS, `${pageUrl} to be loaded`);
      }
      return { targetId, sessionId };
    },
    closed: () => deadline(closing, WAIT_MS, 'the client to be closed'),
  };
}
