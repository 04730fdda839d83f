/**
 * What a client accepts, as its headers say. The one door to negotiator and fresh. Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';
import fresh from 'fresh';
import Negotiator from 'negotiator';

type Headers = Readonly<IncomingHttpHeaders>;

/** All parameters except the weight. Which version or charset a client names does not change whether we have it. */
const PARAMETERS = /;\s*(?!q\s*=)[^\s;,=]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^;,]*)/gi;

/**
 * The type that the client likes best among those offered; undefined when it takes none. Between equals the client's
 * order decides, and within its `*` our order.
 */
export function preferredType<T extends string>({ accept }: Headers, offered: readonly T[]): T | undefined {
  const bare = accept?.replace(PARAMETERS, '').trim();
  // An empty header means the same as none.
  const found = new Negotiator({ headers: bare ? { accept: bare } : {} }).mediaType([...offered]);
  return offered.find((one) => one === found);
}

/** Whether the client names a type with this parameter, whatever the parameter's value and place. */
export function isNamedWith({ accept = '' }: Headers, type: string, parameter: string): boolean {
  return accept.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    return name === type && parameters.some((one) => one.split('=')[0]?.trim() === parameter);
  });
}

/** Whether gzip is at least as welcome as the plain body. */
export function takesGzip(headers: Headers): boolean {
  return new Negotiator({ headers }).encoding(['gzip', 'identity']) === 'gzip';
}

/** Whether the client already has the body with this ETag. */
export function hasAlready({ 'if-none-match': match }: Headers, etag: string): boolean {
  // Only this header is asked: `Cache-Control` is for caches, and `fetch` sends `no-cache` with every tag.
  return match !== undefined && fresh({ 'if-none-match': match.trim() }, { etag });
}
