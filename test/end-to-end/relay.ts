/**
 * A TCP relay on a port of its own: an address that stays while one server goes and another comes. When a server has
 * stopped, another process may take its port before its successor asks for it.
 */

import { connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly url: string;
  /** Where connections go from now on. Null resets new connections and those that exist. */
  leadTo(url: string | null): void;
  close(): Promise<void>;
}

export async function startRelay(url: string): Promise<Relay> {
  let target: string | null = url;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((socket) => {
    if (target === null) {
      socket.resetAndDestroy();
      return;
    }
    const { hostname, port } = new URL(target);
    const behind = connect(Number(port), hostname);
    for (const [from, to] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      keep(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.once('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    leadTo(next) {
      target = next;
      if (next === null) reset();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      reset();
      await closed;
    },
  };
}
