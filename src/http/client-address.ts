/**
 * Whose request it is: the address at the other end of the socket, or the one that a trusted proxy tells. The one door
 * to proxy-addr. Main thread.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddress from 'proxy-addr';

/** Null when the socket has gone. */
export type ClientOf = (request: IncomingMessage) => string | null;

/** `trusted`: addresses and networks whose `X-Forwarded-For` is believed. */
export function createClientOf(trusted: readonly string[]): ClientOf {
  const ownOf: ClientOf = ({ socket }) => plain(socket.remoteAddress ?? null);
  if (trusted.length === 0) return ownOf;
  const isTrusted = proxyAddress.compile([...trusted]);
  return (request) => {
    if (request.socket.remoteAddress === undefined) return null;
    const told = proxyAddress(request, isTrusted);
    // A header may hold anything, so only an IP address is believed.
    return isIP(told) === 0 ? ownOf(request) : plain(told);
  };
}

/** IPv4 stays IPv4, also where the server listens on IPv6. */
function plain(address: string | null): string | null {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '') ?? null;
}
