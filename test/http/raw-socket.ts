/**
 * Bytes as clients may send them, and what comes back.
 */

import { connect, type Socket } from 'node:net';
import { deadline } from '../deadline.js';

const WAIT_MS = 5_000;

export interface Refused {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A right upgrade request; `changed` has other headers by name, null for none. */
export function upgradeRequest(path: string, changed: Readonly<Record<string, string | null>> = {}): string {
  const headers: Record<string, string | null> = {
    Host: '127.0.0.1',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...changed,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

export function open(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  return socket;
}

/** All that comes until the other side ends the connection. */
export async function sendAndRead(port: number, bytes: string): Promise<Refused> {
  const socket = open(port);
  socket.write(bytes);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await deadline(new Promise((resolve) => socket.once('close', resolve)), WAIT_MS, 'the end of the connection');
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ')));
  return { status: Number(first.split(' ')[1]), headers, body };
}
