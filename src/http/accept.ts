/**
 * What a client takes, as its headers say: the one door to how they are read. Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';
import fresh from 'fresh';
import Negotiator from 'negotiator';

type Headers = Readonly<IncomingHttpHeaders>;

/** All parameters but the weight: which version or charset is named does not change whether we have it. */
const PARAMETERS = /;\s*(?!q\s*=)[^\s;,=]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^;,]*)/gi;

/**
 * Of those offered the one that is taken most gladly; undefined when none is. What is taken equally goes by the
 * client's order, and what its `*` stands for by ours.
 */
export function preferredType<T extends string>({ accept }: Headers, offered: readonly T[]): T | undefined {
  const bare = accept?.replace(PARAMETERS, '').trim();
  // An empty header is as good as none.
  const found = new Negotiator({ headers: bare ? { accept: bare } : {} }).mediaType([...offered]);
  return offered.find((one) => one === found);
}

/** Whether a type is named with this parameter, whatever its value and place. */
export function isNamedWith({ accept = '' }: Headers, type: string, parameter: string): boolean {
  return accept.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    return name === type && parameters.some((one) => one.split('=')[0]?.trim() === parameter);
  });
}

/** Whether gzip is taken no less gladly than the body as it is. */
export function takesGzip(headers: Headers): boolean {
  return new Negotiator({ headers }).encoding(['gzip', 'identity']) === 'gzip';
}

/** Whether the client has what has this ETag already. */
export function hasAlready({ 'if-none-match': match }: Headers, etag: string): boolean {
  // Nothing else of the request: its `Cache-Control` is for caches, and `fetch` sends `no-cache` with every tag.
  return match !== undefined && fresh({ 'if-none-match': match.trim() }, { etag });
}
