/**
 * An answer on a socket on which Node.js does not answer: it has refused the request itself, or has handed the socket
 * over. Main thread.
 */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Answer } from './route.js';

/** Nothing may be written on the socket after this. */
export function sendRaw(socket: Duplex, { status, headers, chunks }: Omit<Answer, 'stream' | 'tag'>): void {
  const body = Buffer.concat(chunks);
  const lines = Object.entries({ ...headers, 'Content-Length': body.length, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''].join('\r\n');
  // `end` waits until the other side closes, and a slow client never does.
  socket.once('finish', () => socket.destroy());
  socket.end(Buffer.concat([Buffer.from(head, 'latin1'), body]));
}
