/**
 * Keeps web pages of other sites from using the server through somebody's browser: a foreign `Origin` or
 * `Sec-Fetch-Site`, and on loopback a foreign `Host`, which is what DNS rebinding sends. Main thread.
 */
import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../failures.js';

export interface Gate {
  /** @throws {ServiceError} FORBIDDEN_ORIGIN. */
  check(request: IncomingMessage): void;
  /** What CORS adds to every answer. */
  readonly headers: Readonly<Record<string, string>>;
}

const CORS_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type',
  'Access-Control-Expose-Headers': 'ETag, Retry-After, Server-Timing, x-session-id, x-response-code, x-response-url',
};

export function createGate(options: {
  /** Whether the server can be reached from this machine only. */
  readonly isOnLoopback: boolean;
  readonly isLoopback: (host: string) => boolean;
  readonly proxyUrl: URL | null;
  readonly isCorsEnabled: boolean;
}): Gate {
  const { proxyUrl, isCorsEnabled, isLoopback, isOnLoopback } = options;

  const isOwnHost = (host: string): boolean =>
    !isOnLoopback || host === proxyUrl?.host || isLoopback(PLAIN.exec(host)?.[1] ?? '') || isLoopback(hostname(host));

  const isOwnOrigin = (origin: string, host: string): boolean =>
    origin === proxyUrl?.origin || (URL.canParse(origin) && new URL(origin).host === host.toLowerCase());

  return {
    headers: isCorsEnabled ? CORS_HEADERS : {},
    check({ headers }) {
      const host = headers.host ?? '';
      if (!isOwnHost(host)) {
        throw new ServiceError('FORBIDDEN_ORIGIN', 'the Host header names a host that this server is not');
      }
      if (isCorsEnabled) return;
      if (headers.origin !== undefined && !isOwnOrigin(headers.origin, host)) {
        throw new ServiceError('FORBIDDEN_ORIGIN', 'requests from web pages of another origin need ENABLE_CORS=true');
      }
      // An image or a form has no Origin, but browsers say where it comes from. Another port of this host is another
      // page's server, and only `same-site`.
      const site = headers['sec-fetch-site'];
      if (site === 'cross-site' || site === 'same-site') {
        throw new ServiceError('FORBIDDEN_ORIGIN', 'requests from web pages of another site need ENABLE_CORS=true');
      }
    },
  };
}

/** Nearly all name a plain host, which need not be parsed as a URL is. */
const PLAIN = /^([\w.-]+)(?::\d+)?$/;

function hostname(host: string): string {
  if (!URL.canParse(`http://${host}`)) return '';
  return new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1');
}
