/**
 * A connection that could not be made, with its true reason for clients: Chromium knows only that its proxy refused.
 * Pure.
 */
import type { EgressRefusal, Refused } from '../protocol/egress.js';

/** An expected failure; clients are told `refused`. */
export class RefusedError extends Error {
  readonly refused: Refused;
  constructor(refused: Refused) {
    super(refused.message);
    this.name = 'RefusedError';
    this.refused = refused;
  }
}

/** The error that Chromium would have given without a proxy. */
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

/** Turns an error of the system into one. It happened while `what` was done. */
export function refusalOf(error: unknown, what: string): RefusedError {
  if (error instanceof RefusedError) return error;
  const { code, message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  return refuse(REASONS[code ?? ''] ?? 'other', `${what}: ${code ?? message}`);
}
