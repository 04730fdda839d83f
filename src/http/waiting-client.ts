/**
 * A client over WebSocket that waits for its answer. Its socket is read meanwhile, because one that is not read never
 * says that its client has gone; what it has sent is kept for whoever serves it. Main thread.
 */
import type { Duplex } from 'node:stream';

/** WebSocket clients say nothing before they are answered; one that does is read no further, and nothing is lost. */
const EARLY_BYTES_MAX = 16_384;

/** `head`: what Node.js had read beyond the request. What is returned gives all of that, and ends the reading. */
export function holdEarly(socket: Duplex, head: Buffer): () => Buffer {
  const chunks = [head];
  let bytes = head.length;
  const hold = (chunk: Buffer): void => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > EARLY_BYTES_MAX) socket.pause();
  };
  // Sockets of servers may be half open: a client that has ended its half does not wait for an answer.
  const left = (): void => void socket.destroy();
  socket.on('data', hold);
  socket.once('end', left);
  return () => {
    socket.pause();
    socket.removeListener('data', hold);
    socket.removeListener('end', left);
    return Buffer.concat(chunks);
  };
}
