/**
 * One keep-alive connection over HTTP/1.1 that asks one thing at a time. Bytes are built once and answers are only
 * measured, because a client that parses as much as `fetch` would take CPU from the server.
 */

import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

export interface Reply {
  readonly status: number;
  readonly bodyBytes: number;
  readonly etag: string | null;
  /** The header `Server-Timing`. */
  readonly timing: string | null;
}

export interface Connection {
  /** Sends a whole request. Resolves when its answer is complete, rejects when the connection breaks. */
  ask(request: Buffer): Promise<Reply>;
  close(): void;
}

export interface RequestParts {
  readonly method?: string;
  readonly path: string;
  /** JSON text; empty for none. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as bytes; a POST unless said otherwise. An empty body has no type. */
export function requestBytes({ host }: URL, { method = 'POST', path, body = '', headers = {} }: RequestParts): Buffer {
  const type = body === '' ? '' : 'Content-Type: application/json\r\n';
  const length = method === 'GET' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const others = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${type}${length}${others.join('')}\r\n`;
  return Buffer.from(head + body);
}

export function openConnection({ hostname, port }: URL): Connection {
  let socket: Socket | null = null;
  let pending: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | null = null;
  let head: Buffer = Buffer.alloc(0);
  let reply: Reply | null = null;
  let missingBytes = 0;

  const take = (chunk: Buffer): void => {
    if (reply === null) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const end = head.indexOf(HEAD_END);
      if (end === -1) return;
      reply = parseHead(head.toString('latin1', 0, end));
      missingBytes = reply.bodyBytes - (head.length - end - HEAD_END.length);
      head = Buffer.alloc(0);
    } else {
      missingBytes -= chunk.length;
    }
    if (missingBytes > 0) return;
    const waiting = pending;
    const whole = reply;
    pending = null;
    reply = null;
    waiting?.resolve(whole);
  };

  const open = (): Socket => {
    const opened = connect({ host: hostname, port: Number(port), noDelay: true });
    opened.on('data', take);
    opened.on('error', () => {});
    opened.on('close', () => {
      if (socket !== opened) return;
      socket = null;
      reply = null;
      head = Buffer.alloc(0);
      pending?.reject(new Error('the connection broke'));
      pending = null;
    });
    return opened;
  };

  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        pending = { resolve, reject };
        socket ??= open();
        socket.write(request);
      });
    },
    close: () => socket?.destroy(),
  };
}

function parseHead(text: string): Reply {
  const status = Number(text.slice(9, 12));
  const length = /^content-length: *(\d+)/im.exec(text)?.[1];
  // 204 and 304 have no body and need no length. These servers send no chunked answers.
  if (length === undefined && status !== 204 && status !== 304) throw new Error(`an answer without length: ${text}`);
  const etag = /^etag: *(.+)$/im.exec(text)?.[1]?.trim() ?? null;
  const timing = /^server-timing: *(.+)$/im.exec(text)?.[1] ?? null;
  return { status, bodyBytes: Number(length ?? 0), etag, timing };
}
