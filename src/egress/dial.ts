/**
 * The one place that opens connections. In: addresses that have been judged, never names; out: a socket, of the first
 * address that answers (RFC 8305). The next address is tried when one fails or takes long. Node.js's `autoSelectFamily`
 * gives an address up after 250 ms, so on a slow network without IPv6 it gives up all.
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
  /** Has a listener for errors. Whoever gets it ends it. */
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
}

const NEXT_MS = 300;
const KEEP_ALIVE_MS = 30_000;
/** The most bytes that are held for a side that does not read. */
export const BUFFER_BYTES_MAX = 64 * 1_024;

/** Rejects with a `RefusedError`, or with the reason for which it was given up. */
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
      // Ignores sockets that have lost to a faster one.
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

/** The kernel takes some addresses for its own that no interface has; this finds those too. */
function isOurselves({ remotePort, remoteAddress, localAddress }: Socket, own: OwnListeners): boolean {
  return remotePort !== undefined && own.isOwnPort(remotePort) && remoteAddress === localAddress;
}

/** The error that says most. That there is no route tells nothing, so any other comes first. */
function worst(errors: readonly Error[]): Error {
  const all = errors.map((error) => refusalOf(error, 'connect'));
  return all.find(({ refused }) => refused.reason !== 'unreachable') ?? all[0] ?? refuse('name', 'it has no address');
}
