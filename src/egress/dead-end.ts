/**
 * A proxy that leads nowhere: the way out of a browser's contexts that have no exit. It lives as long as the server, so
 * nobody else can take its port. Main thread.
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
  // No descriptor is left; the connection is turned away a little later.
  server.on('error', () => {});
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port for the dead end');
  return { port: address.port, close: () => void server.close() };
}
