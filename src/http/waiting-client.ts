/**
 * A client over WebSocket that waits for its answer. Its socket is read meanwhile, because a socket that is not read
 * never says that its client has gone. What the client sends is kept for whoever serves it. Main thread.
 */
import type { Duplex } from 'node:stream';

/**
 * WebSocket clients send nothing before they are answered. A client that does is read no further than this, and nothing
 * is lost.
 */
const EARLY_BYTES_MAX = 16_384;

/**
 * `head`: what Node.js has read beyond the request. The function that is returned gives all that came, and ends the
 * reading.
 */
export function holdEarly(socket: Duplex, head: Buffer): () => Buffer {
  const chunks = [head];
  let bytes = head.length;
  const hold = (chunk: Buffer): void => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > EARLY_BYTES_MAX) socket.pause();
  };
  // Sockets of servers may be half open. A client that has ended its half does not wait for an answer.
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
