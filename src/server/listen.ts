/**
 * Listens on the port, and returns the URL.
 */
import type { Server } from 'node:http';
import type { Log } from '../log.js';

export interface Listening {
  readonly url: string;
  readonly port: number;
}

/** @throws {Error} with one clear message when the port is taken or not allowed. */
export async function listen(
  server: Server,
  { host, port, log }: { readonly host: string; readonly port: number; readonly log: Pick<Log, 'warn'> },
): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => {
      const reason = error.code === 'EADDRINUSE' ? 'is taken: set PORT to another' : `cannot be had: ${error.message}`;
      reject(new Error(`${host}:${port} ${reason}`, { cause: error }));
    };
    server.once('error', refused);
    server.listen(port, host, () => {
      server.off('error', refused);
      // A connection could not be taken, for example because descriptors ran out. Without this listener, the error
      // would end the server.
      server.on('error', ({ message }) => log.warn({ message }, 'a connection could not be taken'));
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address to listen on');
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}`, port: address.port };
}
