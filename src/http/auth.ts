/**
 * The token: `?token=`, `Authorization: Bearer` raw or base64, or Basic. Digests are compared in constant time, so
 * every wrong token takes equally long. Main thread.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../failures.js';

export interface Auth {
  /** @throws {ServiceError} UNAUTHORIZED; it has been counted then. */
  check(request: IncomingMessage, query: URLSearchParams): void;
}

export function createAuth({ token, count }: { readonly token: string | null; readonly count: () => void }): Auth {
  const expected = token === null ? null : digest(token);
  return {
    check(request, query) {
      if (expected === null) return;
      const given = candidates(request.headers.authorization, query.get('token'));
      // All are compared, even after one matches: the time that it takes must say nothing.
      const isRight = given.map((one) => timingSafeEqual(digest(one), expected)).includes(true);
      if (isRight) return;
      count();
      const message = given.length === 0 ? 'a token is needed' : 'the token is wrong';
      throw new ServiceError('UNAUTHORIZED', message, { headers: { 'WWW-Authenticate': 'Bearer' } });
    },
  };
}

function candidates(authorization: string | undefined, queryToken: string | null): string[] {
  const found = queryToken === null ? [] : [queryToken];
  const [, scheme = '', credentials = ''] = /^(\w+)\s+(.+)$/.exec(authorization ?? '') ?? [];
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  if (scheme.toLowerCase() === 'bearer') found.push(credentials, decoded);
  if (scheme.toLowerCase() === 'basic') {
    const at = decoded.indexOf(':');
    // Clients put the token in different places: alone, as the name, or as the password.
    found.push(decoded, ...(at === -1 ? [] : [decoded.slice(0, at), decoded.slice(at + 1)]));
  }
  return found;
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
