/**
 * What a client takes: media types, gzip, and what it has already. The one door to the packages that read these
 * headers, so that every route means the same by case, order, parameters and `q=0`. Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';
import fresh from 'fresh';
import Negotiator from 'negotiator';

/** A parameter of a media type, `q` apart, which is the client's own. */
const PARAMETER = /;\s*(?!q\s*=)([^\s;,="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,]*)/gi;

/**
 * The one of the types that is wanted most, of equals the first; also the first when none is wanted. A type that ends
 * in `;version=any` is for clients that name a version, whatever it is: what we have is the nearest.
 */
export function preferredType<T extends string>({ accept }: IncomingHttpHeaders, types: readonly [T, ...T[]]): T {
  // Charsets and the like change nothing that we could answer; without this they would keep types from matching.
  const told = accept?.replace(PARAMETER, (_, name: string) =>
    name.toLowerCase() === 'version' ? ';version=any' : '',
  );
  const wanted = new Negotiator({ headers: { accept: told } }).mediaType([...types]);
  return types.find((type) => type === wanted) ?? types[0];
}

/** Whether some type for which this holds is named, and not with `q=0`. */
export function namesType({ accept }: IncomingHttpHeaders, isRight: (type: string) => boolean): boolean {
  return new Negotiator({ headers: { accept } }).mediaTypes().some((type) => isRight(type.toLowerCase()));
}

export function takesGzip(headers: IncomingHttpHeaders): boolean {
  const encodings = { 'accept-encoding': String(headers['accept-encoding'] ?? '') };
  return new Negotiator({ headers: encodings }).encoding(['gzip', 'identity']) === 'gzip';
}

/** Whether the client holds the body that has this ETag. */
export function holds(headers: IncomingHttpHeaders, etag: string): boolean {
  const asked = headers['if-none-match']?.trim();
  // Of the request nothing else: its `Cache-Control` is for caches, and `fetch` sends `no-cache` with every tag.
  return asked !== undefined && fresh({ 'if-none-match': asked }, { etag });
}
