/**
 * Sends an answer: ETag and 304, HEAD, and gzip where it helps and is asked for. Main thread.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { hasAlready, takesGzip } from './accept.js';
import type { Answer } from './route.js';

const GZIP_BYTES_MIN = 1_024;
/** A client that takes no bytes for this long is cut off. */
const STALL_MS = 30_000;

/** Resolves when the answer has been handed to the socket. */
export type Send = (request: IncomingMessage, response: ServerResponse, answer: Answer) => Promise<void>;

/** Bodies with a tag are kept in their gzipped form for the next client, the last few of them. */
const GZIPPED_KEPT = 8;

export function createSend(stallMs = STALL_MS): Send {
  const kept = new Map<string, Promise<Buffer>>();
  const gzipped = async ({ chunks, tag }: Answer): Promise<Buffer> => {
    const known = tag === undefined ? undefined : kept.get(tag);
    if (known) return await known;
    const made = compress(Buffer.concat(chunks), { level: 6 });
    if (tag !== undefined) kept.set(tag, made);
    const [oldest] = kept.keys();
    if (kept.size > GZIPPED_KEPT && oldest !== undefined) kept.delete(oldest);
    return await made;
  };
  return (request, response, answer) => send(request, response, answer, { gzipped, stallMs });
}

const compress = promisify(gzip);

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  { gzipped, stallMs }: { readonly gzipped: (answer: Answer) => Promise<Buffer>; readonly stallMs: number },
): Promise<void> {
  if (response.destroyed) return;
  const { status, tag } = answer;
  const headers: OutgoingHttpHeaders = { ...answer.headers, 'X-Content-Type-Options': 'nosniff' };
  if (answer.stream) {
    response.writeHead(status, headers);
    answer.stream.pipe(response);
    cutOffWhenStalled(response, stallMs);
    return;
  }
  const isCompressible = isText(answer.headers['Content-Type']) && byteLength(answer.chunks) >= GZIP_BYTES_MIN;
  const isGzip = isCompressible && takesGzip(request.headers);
  if (isCompressible) headers['Vary'] = [answer.headers['Vary'] ?? [], 'Accept-Encoding'].flat().join(', ');
  if (tag !== undefined) {
    const etag = `"${tag}${isGzip ? '-gzip' : ''}"`;
    headers['ETag'] = etag;
    headers['Cache-Control'] = 'no-cache';
    if (status === 200 && hasAlready(request.headers, etag)) {
      const { 'Content-Type': _type, ...rest } = headers;
      response.writeHead(304, rest).end();
      return;
    }
  }
  if (status === 204) {
    response.writeHead(status, headers).end();
    return;
  }
  const chunks = isGzip ? [await gzipped(answer)] : answer.chunks;
  if (isGzip) headers['Content-Encoding'] = 'gzip';
  headers['Content-Length'] = byteLength(chunks);
  response.writeHead(status, headers);
  // Head and chunks go out in one write: they are held until the end.
  response.cork();
  if (request.method !== 'HEAD') for (const chunk of chunks) response.write(chunk);
  response.end();
  if (!response.socket || response.socket.writableLength > 0) cutOffWhenStalled(response, stallMs);
}

/**
 * Cuts off a client that stalls. An answer that waits for its turn is watched once its turn has come, a stream from the
 * start.
 */
function cutOffWhenStalled(response: ServerResponse, stallMs: number): void {
  const { socket } = response;
  if (response.writableFinished) return;
  if (!socket) {
    response.once('socket', () => setImmediate(cutOffWhenStalled, response, stallMs));
    return;
  }
  // Counts from the last byte that moved. So a slow reader is safe, and one that stopped is not.
  socket.setTimeout(stallMs);
  // Only bytes that the system has not taken can stall. Without a listener here, Node.js would also end a stream that
  // is merely silent.
  response.on('timeout', () => {
    if (socket.writableLength > 0) socket.destroy();
  });
  // Runs before Node.js's own listener, which sets the timeout of an idle connection.
  response.prependOnceListener('finish', () => socket.setTimeout(0));
}

function byteLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

function isText(contentType: string | undefined): boolean {
  return /^(text\/|application\/(json|openmetrics-text|javascript))/.test(contentType ?? '');
}
