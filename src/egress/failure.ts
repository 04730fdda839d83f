/**
 * A connection that is not made, with its true reason: what clients are told, since Chromium knows none. Pure.
 */
import type { EgressRefusal, Refused } from '../protocol/egress.js';

/** An expected failure; its `refused` is what is told. */
export class RefusedError extends Error {
  readonly refused: Refused;
  constructor(refused: Refused) {
    super(refused.message);
    this.name = 'RefusedError';
    this.refused = refused;
  }
}

/** What Chromium would have said. */
const NET_ERRORS: Readonly<Record<EgressRefusal, Refused['netError']>> = {
  policy: 'net::ERR_ACCESS_DENIED',
  listener: 'net::ERR_ACCESS_DENIED',
  name: 'net::ERR_NAME_NOT_RESOLVED',
  refused: 'net::ERR_CONNECTION_REFUSED',
  timeout: 'net::ERR_CONNECTION_TIMED_OUT',
  unreachable: 'net::ERR_ADDRESS_UNREACHABLE',
  reset: 'net::ERR_CONNECTION_RESET',
  limit: 'net::ERR_INSUFFICIENT_RESOURCES',
  proxy: 'net::ERR_PROXY_CONNECTION_FAILED',
  protocol: 'net::ERR_SOCKS_CONNECTION_FAILED',
  other: 'net::ERR_FAILED',
};

const REASONS: Readonly<Record<string, EgressRefusal>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ECONNRESET: 'reset',
};

export function refuse(reason: EgressRefusal, message: string): RefusedError {
  return new RefusedError({ kind: 'refused', reason, netError: NET_ERRORS[reason], message });
}

/** Of an error of the system's while `what` was done. */
export function refusalOf(error: unknown, what: string): RefusedError {
  if (error instanceof RefusedError) return error;
  const { code, message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  return refuse(REASONS[code ?? ''] ?? 'other', `${what}: ${code ?? message}`);
}
