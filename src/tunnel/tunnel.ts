/**
 * A client's session over WebSocket, as main has it: the client's socket and one to the worker. Bytes move between them
 * and are never looked at. The worker answers the upgrade, and says how the session has ended. Main thread.
 */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { TICKET_HEADER } from '../protocol/cdp.js';
import type { Outcome } from '../protocol/job.js';
import type { Running, Standing } from '../protocol/session.js';
import type { Caller } from '../protocol/tunnel.js';
import type { Chunks } from './chunks.js';

export interface TunnelOptions {
  readonly caller: Caller;
  /** The worker knows the client by it. */
  readonly ticket: string;
  /** Runs the session in a worker. The worker then waits for the client at the path that it gives to `onServing`. */
  readonly run: (onServing: (path: string) => void) => Running;
  readonly clock: Clock;
  readonly chunks: Chunks;
  /** `received` are bytes from the client, `sent` are bytes to it. */
  readonly onBytes: (direction: 'sent' | 'received', bytes: number) => void;
}

/** A worker that cannot be reached has so long to say why, because it knows better. */
const WORD_LIMIT_MS = 1_000;
/** After the end of its session, a client has so long to read what is left. */
const LINGER_MS = 2_000;
/** A client that does not read must not hold a whole chunk for each small part that waits for it. */
const COPIED_BYTES_MAX = 4_095;

/** Never throws. */
export function startTunnel(options: TunnelOptions): Running {
  const { caller, clock, run } = options;
  const { socket } = caller;
  let fail = (_outcome: Outcome): void => {};
  let cancelWord = (): void => {};
  let upstream: Socket | null = null;
  if (socket.destroyed) return goneAtOnce();
  const running = run((path) => {
    // The client has gone meanwhile, and admission has been told.
    if (socket.destroyed) return;
    upstream = open(path, options, (message) => {
      cancelWord = clock.after(WORD_LIMIT_MS, () => {
        fail({ isOk: false, code: 'WORKER_CRASHED', message });
        running.cancel();
      });
    });
  });
  const outcome = new Promise<Outcome>((resolve) => {
    fail = resolve;
    void running.outcome.then((told) => {
      cancelWord();
      resolve(told);
    });
  });
  // A client that does not read would never hear that the worker has gone, so its socket is cut.
  void running.released.then(() => {
    const cut = (): void => {
      socket.destroy();
      upstream?.destroy();
    };
    if (socket.destroyed) cut();
    else socket.once('close', clock.after(LINGER_MS, cut));
  });
  return { ...running, outcome };
}

/** `onUnreachable` is called when the worker's socket closes before it has answered. */
function open(
  path: string,
  { caller, ticket, onBytes, chunks }: TunnelOptions,
  onUnreachable: (message: string) => void,
): Socket {
  const { socket } = caller;
  let isAnswered = false;
  let next: Uint8Array | null = null;
  const buffer = (): Uint8Array => (next = chunks.take());
  /** False: nothing more is read until the client has taken what there is. */
  const callback = (length: number, chunk: Uint8Array): boolean => {
    if (!isAnswered) caller.onAnswered();
    isAnswered = true;
    onBytes('sent', length);
    const part = chunk.subarray(0, length);
    if (length > COPIED_BYTES_MAX) return socket.write(part, (error) => error ?? chunks.give(chunk));
    const copy = Buffer.from(part);
    chunks.give(chunk);
    return socket.write(copy);
  };
  const upstream = connect({ path, onread: { buffer, callback } });
  socket.on('drain', () => upstream.resume());
  let reason = 'it has hung up';
  // Its code only: the message has the path of the socket, which is no business of the client's.
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    reason = error.code ?? error.name;
  });
  upstream.on('close', () => {
    if (next) chunks.give(next);
    // The client still gets what was read for it.
    if (isAnswered) socket.destroySoon();
    else onUnreachable(`the worker cannot be reached: ${reason}`);
  });
  // The worker still reads what its client has sent, and then ends the session.
  socket.once('close', () => upstream.destroySoon());
  upstream.write(handshake(caller.key, ticket));
  const early = caller.takeEarly();
  upstream.write(early);
  onBytes('received', early.length);
  socket.on('data', (chunk: Buffer) => onBytes('received', chunk.length));
  // When one side ends, the whole tunnel ends.
  socket.allowHalfOpen = false;
  socket.pipe(upstream);
  upstream.on('end', () => socket.end());
  return upstream;
}

/** No extensions: most frames are short, and pictures are compressed already, so compression would only cost CPU. */
function handshake(key: string, ticket: string): string {
  return [
    'GET / HTTP/1.1',
    'Host: worker',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    `${TICKET_HEADER}: ${ticket}`,
    '',
    '',
  ].join('\r\n');
}

/** The client left while it waited, so nothing is begun. */
function goneAtOnce(): Running {
  const outcome = Promise.resolve<Outcome>({ isOk: false, code: 'CLIENT_CLOSED', message: 'the client has gone' });
  const standing: Standing = { phase: 'context', past: {}, status: null, exit: null, client: null };
  const place = { kind: 'worker', index: 0 } as const;
  return { outcome, released: outcome.then(() => {}), place, standing: () => standing, cancel: () => {} };
}
