/**
 * Where clients find the server, for answers that tell them. Pure.
 */
import type { Request } from './route.js';

/** A host as browsers write it. Nothing else that a client sends is repeated to it. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i;

/**
 * The server's address as the client of this request sees it, without a slash at its end. `proxyUrl` wins over what the
 * client says.
 */
export function addressOf({ headers: { host = '' }, raw }: Request, proxyUrl: URL | null): string {
  if (proxyUrl) return `${proxyUrl.origin}${proxyUrl.pathname}`.replace(/\/$/, '');
  if (HOST.test(host)) return `http://${host}`;
  const { localAddress = '', localPort = 0 } = raw.socket;
  return `http://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
