/**
 * The least that speaks CDP: a browser spawned with its pipe on descriptors 3 and 4, commands as promises, events by
 * session. Every driver of Chromium has to do at least this, so ours is compared with it.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

const NUL = 0;

export type Params = Readonly<Record<string, unknown>>;

export interface Cdp {
  send(method: string, params?: Params, sessionId?: string): Promise<Record<string, unknown>>;
  /** The next event of this name in this session. */
  once(method: string, sessionId: string): Promise<void>;
  readonly child: ChildProcess;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export function launchBare(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Cdp {
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env, detached: true });
  const [, , , input, output] = child.stdio;
  if (!isWritable(input) || !isReadable(output)) throw new Error('the browser has no pipes');
  let lastId = 0;
  const calls = new Map<number, (message: Message) => void>();
  const waits = new Map<string, () => void>();
  output.on(
    'data',
    splitAtNul((text) => {
      const message: Message = JSON.parse(text);
      if (message.id !== undefined) {
        calls.get(message.id)?.(message);
        calls.delete(message.id);
      } else {
        const key = `${message.sessionId} ${message.method}`;
        waits.get(key)?.();
        waits.delete(key);
      }
    }),
  );
  return {
    child,
    send(method, params = {}, sessionId) {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        calls.set(id, ({ result, error }) => {
          if (error) reject(new Error(`${method}: ${error.message}`));
          else resolve(result ?? {});
        });
        input.write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
      });
    },
    once: (method, sessionId) => new Promise((resolve) => waits.set(`${sessionId} ${method}`, resolve)),
  };
}

function splitAtNul(onText: (text: string) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(NUL); end !== -1; end = chunk.indexOf(NUL, start)) {
      parts.push(chunk.subarray(start, end));
      const text = Buffer.concat(parts).toString();
      parts = [];
      start = end + 1;
      onText(text);
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  };
}

function isWritable(stream: unknown): stream is Writable {
  return typeof stream === 'object' && stream !== null && 'write' in stream;
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === 'object' && stream !== null && 'read' in stream;
}
