/**
 * Requests that Node.js itself refuses, before there is a request or in the middle of one: too slow, too large,
 * malformed, a tunnel. Main thread.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FAILURES, type FailureCode } from '../failures.js';
import type { Connections } from './connections.js';
import { sendRaw } from './raw-answer.js';
import { type Answer, json } from './route.js';

type Refusal = readonly [code: FailureCode, message: string];

export interface Refuser {
  /** For the event `clientError`. */
  broken(error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket: Duplex): void;
  /** For the event `connect`. */
  tunnel(request: IncomingMessage, socket: Duplex): void;
}

export interface RefuserOptions {
  readonly connections: Connections;
  /** Counts what belongs to no request that we have seen. Those that we have seen are counted like all others. */
  readonly count: (method: string, status: number) => void;
  readonly onRefused: (refused: RefusedBytes) => void;
}

export interface RefusedBytes {
  readonly method: string;
  readonly status: number;
  readonly code: FailureCode;
  readonly message: string;
  readonly client: string | null;
}

export function createRefuser({ connections, count, onRefused }: RefuserOptions): Refuser {
  const told = (socket: Duplex, [code, message]: Refusal, method: string): void => {
    const { remoteAddress: client = null } = socket as Socket;
    onRefused({ method, status: FAILURES[code].status, code, message, client });
  };
  return {
    broken(error, socket) {
      const pending = connections.of(socket);
      const cut = pending.find(({ request }) => !request.complete);
      if (hasLeft(error, socket, cut !== undefined)) {
        socket.destroy();
        return;
      }
      const refusal = explain(error.code);
      const { status } = FAILURES[refusal[0]];
      // Our bytes would be taken for the answer to the first request that waits, or for the rest of an answer.
      const isTurn = pending.every((one) => one === cut && !one.response.headersSent);
      if (isTurn) refuse(socket, refusal);
      // When a request was understood, the bytes began with that one and say nothing about this one.
      const method = pending.length === 0 ? methodOf(error.rawPacket) : '';
      told(socket, refusal, cut?.request.method ?? method);
      if (cut) cut.end(status);
      else count(method, status);
      if (!isTurn) socket.destroy();
    },
    tunnel({ method = '' }, socket) {
      // Node.js has taken its own listeners away.
      socket.on('error', () => {});
      count(method, FAILURES.METHOD_NOT_ALLOWED.status);
      told(socket, NO_PROXY, method);
      if (connections.of(socket).length > 0) socket.destroy();
      else refuse(socket, NO_PROXY, { Allow: 'GET, HEAD, POST, OPTIONS' });
    },
  };
}

const NO_PROXY: Refusal = ['METHOD_NOT_ALLOWED', 'this is no proxy'];

/** Nobody is there to be answered, or nothing was asked: connections are also opened in advance, or by probes. */
function hasLeft({ code }: NodeJS.ErrnoException, socket: Duplex, isCut: boolean): boolean {
  if (code === 'ECONNRESET' || !socket.writable) return true;
  return (isCut && code === 'HPE_INVALID_EOF_STATE') || (socket as Socket).bytesRead === 0;
}

function refuse(socket: Duplex, [code, message]: Refusal, headers: Answer['headers'] = {}): void {
  const answer = json({ error: { code, message } }, FAILURES[code].status);
  sendRaw(socket, { ...answer, headers: { ...answer.headers, ...headers } });
}

function explain(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return ['HEADERS_TOO_LARGE', 'the headers are too large'];
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return ['PAYLOAD_TOO_LARGE', 'the chunk extensions are too large'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['REQUEST_TIMEOUT', 'the request took too long to arrive'];
  return ['BAD_REQUEST', 'this is not valid HTTP/1.1'];
}

/** The method, as far as the bytes that could not be read begin with one. */
function methodOf(packet: Buffer | undefined): string {
  return /^[A-Z]+(?= )/.exec(packet?.toString('latin1', 0, 16) ?? '')?.[0] ?? '';
}
