/**
 * Requests that Node.js itself refuses, before there is a request: too slow, too large, malformed. Main thread.
 */
import type { Duplex } from 'node:stream';
import { FAILURES, type FailureCode } from '../failures.js';

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

export function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, message] = explain(error.code);
  const { status } = FAILURES[code];
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ''}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  // `end` alone waits for the other side to close, which a slow client never does.
  socket.once('finish', () => socket.destroy());
}

function explain(code: string | undefined): [FailureCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW') return ['HEADERS_TOO_LARGE', 'the headers are too large'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['REQUEST_TIMEOUT', 'the request took too long to arrive'];
  return ['BAD_REQUEST', 'this is not valid HTTP/1.1'];
}
