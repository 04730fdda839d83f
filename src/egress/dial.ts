/**
 * The one place that opens connections: to addresses that have been judged, never to names. Tried in turn, the next one
 * when one fails or takes long, and the first that answers is it (RFC 8305). Not Node.js's `autoSelectFamily`, which
 * gives up an address after 250 ms, and so all of them on a slow network without IPv6.
 */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { Address } from './addresses.js';
import { refusalOf, refuse } from './failure.js';
import type { GivenUp } from './given-up.js';
import type { OwnListeners } from './own-listeners.js';

export interface Dial {
  readonly addresses: readonly Address[];
  readonly port: number;
  readonly givenUp: GivenUp;
  readonly own: OwnListeners;
  readonly clock: Clock;
}

export interface Connection {
  /** Has a listener for errors. Whoever has it ends it. */
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
}

const NEXT_MS = 300;
const KEEP_ALIVE_MS = 30_000;
/** Bytes that are held for a side that does not read. */
export const BUFFER_BYTES_MAX = 64 * 1_024;

/** Rejects with a `RefusedError`, or with why it was given up. */
export function dial({ addresses, port, givenUp, own, clock }: Dial): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const trying = new Set<Socket>();
    const errors: Error[] = [];
    let nextIndex = 0;
    let cancelNext = (): void => {};
    let off = (): void => {};

    const over = (winner?: Socket): void => {
      cancelNext();
      off();
      for (const socket of trying) if (socket !== winner) socket.destroy();
      trying.clear();
    };
    const failed = (socket: Socket, error: Error): void => {
      // Not of those that lost.
      if (!trying.delete(socket)) return;
      errors.push(error);
      tryNext();
    };
    const tryNext = (): void => {
      cancelNext();
      const address = addresses[nextIndex++]?.toString();
      if (address !== undefined) {
        trying.add(open(address));
        cancelNext = clock.after(NEXT_MS, tryNext);
      } else if (trying.size === 0) {
        over();
        reject(worst(errors));
      }
    };
    const open = (address: string): Socket => {
      const socket = connect({ host: address, port, ...SOCKET_OPTIONS });
      socket.on('error', (error) => failed(socket, error));
      socket.on('connect', () => {
        if (isOurselves(socket, own)) {
          failed(socket, refuse('listener', `${address}:${port} is the server's own`));
          socket.destroy();
          return;
        }
        over(socket);
        resolve({ socket, address, port });
      });
      return socket;
    };

    off = givenUp.on(() => {
      over();
      reject(givenUp.reason());
    });
    if (!givenUp.reason()) tryNext();
  });
}

const SOCKET_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
  allowHalfOpen: true,
  highWaterMark: BUFFER_BYTES_MAX,
};

/** Also under an address that no interface has and the kernel takes for its own. */
function isOurselves({ remotePort, remoteAddress, localAddress }: Socket, own: OwnListeners): boolean {
  return remotePort !== undefined && own.isOwnPort(remotePort) && remoteAddress === localAddress;
}

/** Of several the one that says most: without a route there is nothing to learn. */
function worst(errors: readonly Error[]): Error {
  const all = errors.map((error) => refusalOf(error, 'connect'));
  return all.find(({ refused }) => refused.reason !== 'unreachable') ?? all[0] ?? refuse('name', 'it has no address');
}
