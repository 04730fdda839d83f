/**
 * Where clients find the server, for what tells them of it. Pure.
 */
import type { Request } from './route.js';

/** A host as browsers write it; whatever else a client sends is not repeated. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i;

/** As the client of this request sees it, without a slash at its end. `proxyUrl`: where it is not as clients say. */
export function addressOf({ headers: { host = '' }, raw }: Request, proxyUrl: URL | null): string {
  if (proxyUrl) return `${proxyUrl.origin}${proxyUrl.pathname}`.replace(/\/$/, '');
  if (HOST.test(host)) return `http://${host}`;
  const { localAddress = '', localPort = 0 } = raw.socket;
  return `http://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
