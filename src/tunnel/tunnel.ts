/**
 * A client's session over WebSocket, as main has it: two sockets, the client's and one to the worker, and the bytes
 * between them, which are never looked at. The worker answers the upgrade, and says how the session has ended.
 * Main thread.
 */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { TICKET_HEADER } from '../protocol/cdp.js';
import type { Outcome } from '../protocol/job.js';
import type { Running, Standing } from '../protocol/session.js';
import type { Caller } from '../protocol/tunnel.js';

export interface TunnelOptions {
  readonly caller: Caller;
  /** What the worker knows the client by. */
  readonly ticket: string;
  /** Has the session run in a worker, which then waits for its client at the path that `onServing` is told. */
  readonly run: (onServing: (path: string) => void) => Running;
  readonly clock: Clock;
  /** Of bytes that came from the client, and that went there. */
  readonly onBytes: (direction: 'sent' | 'received', bytes: number) => void;
}

/** The worker knows better why it cannot be reached, and has so long to say so. */
const WORD_LIMIT_MS = 1_000;
/** When all of its session is gone, a client has so long for what is left to it. */
const LINGER_MS = 2_000;

/** Never throws. */
export function startTunnel(options: TunnelOptions): Running {
  const { caller, clock, run } = options;
  const { socket } = caller;
  let fail = (_outcome: Outcome): void => {};
  let cancelWord = (): void => {};
  let upstream: Socket | null = null;
  if (socket.destroyed) return goneAtOnce();
  const running = run((path) => {
    // It has gone meanwhile, and whoever waits for it has been told.
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
  // Whoever does not read holds up the news that the other has gone.
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

/** `onUnreachable` is called when the worker has gone before it has answered. */
function open(
  path: string,
  { caller, ticket, onBytes }: TunnelOptions,
  onUnreachable: (message: string) => void,
): Socket {
  const { socket } = caller;
  const upstream = connect({ path });
  let isAnswered = false;
  let reason = 'it has hung up';
  upstream.on('error', (error) => {
    reason = error.message;
  });
  upstream.on('close', () => {
    // With what it has not been sent yet.
    if (isAnswered) socket.destroySoon();
    else onUnreachable(`the worker cannot be reached: ${reason}`);
  });
  // A session whose client has gone is over for the worker as soon as it has read what is left.
  socket.once('close', () => upstream.destroySoon());
  upstream.once('data', () => {
    isAnswered = true;
    caller.onAnswered();
  });
  upstream.write(handshake(caller.key, ticket));
  const early = caller.takeEarly();
  upstream.write(early);
  onBytes('received', early.length);
  upstream.on('data', (chunk: Buffer) => onBytes('sent', chunk.length));
  socket.on('data', (chunk: Buffer) => onBytes('received', chunk.length));
  // Neither has a half that goes on alone.
  socket.allowHalfOpen = false;
  socket.pipe(upstream);
  upstream.pipe(socket);
  return upstream;
}

/** Without extensions: frames are short, and what is long is compressed already. */
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

/** Its client has left without a word that has come by now: nothing is begun. */
function goneAtOnce(): Running {
  const outcome = Promise.resolve<Outcome>({ isOk: false, code: 'CLIENT_CLOSED', message: 'the client has gone' });
  const standing: Standing = { phase: 'context', past: {}, status: null, exit: null, client: null };
  const place = { kind: 'worker', index: 0 } as const;
  return { outcome, released: outcome.then(() => {}), place, standing: () => standing, cancel: () => {} };
}
