/**
 * A proxy by which nobody gets anywhere: the way out that a browser has where a context has none of its own. It is
 * there for as long as the server, so that nobody else can take its port. Main thread.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

export interface DeadEnd {
  readonly port: number;
  close(): void;
}

export async function openDeadEnd(): Promise<DeadEnd> {
  const server = createServer((socket) => socket.on('error', () => {}).destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Out of descriptors: whoever comes is turned away a little later.
  server.on('error', () => {});
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to turn away at');
  return { port: address.port, close: () => void server.close() };
}
