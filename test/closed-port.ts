/**
 * A port of loopback on which nobody listens, nor ever will while it is held. One that was only free a moment ago may
 * be given to whoever asks for any port next, an exit of the server's own among them.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export interface ClosedPort {
  readonly port: number;
  release(): void;
}

/** Held as the near end of a connection: who connects to it is refused. */
export async function holdClosedPort(): Promise<ClosedPort> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[far]] = await Promise.all([once(server, 'connection'), once(socket, 'connect')]);
  return {
    port: socket.localPort ?? 0,
    release() {
      for (const end of [socket, far]) end.destroy();
      server.close();
    },
  };
}
