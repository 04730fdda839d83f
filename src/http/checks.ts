/**
 * What is checked of every request first, whatever it asks for. Main thread.
 */
import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../failures.js';
import type { Route } from './route.js';

export const URL_BYTES_MAX = 8_192;
export const HEADER_BYTES_MAX = 16_384;

/** @throws {ServiceError} URI_TOO_LONG, HEADERS_TOO_LARGE */
export function checkSize(request: IncomingMessage): void {
  if (Buffer.byteLength(request.url ?? '') > URL_BYTES_MAX) {
    throw new ServiceError('URI_TOO_LONG', `the URL is longer than ${URL_BYTES_MAX} bytes`);
  }
  const bytes = request.rawHeaders.reduce((sum, part) => sum + part.length + 2, 0);
  if (bytes > HEADER_BYTES_MAX) {
    throw new ServiceError('HEADERS_TOO_LARGE', `the headers are longer than ${HEADER_BYTES_MAX} bytes`);
  }
}

/** What the query says, by name. @throws {ServiceError} BAD_REQUEST with the name and what was expected. */
export function readQuery(parameters: Route['query'], query: URLSearchParams): never {
  const given: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = query.get(name);
    if (value === null) continue;
    given[name] = parameter.read(value);
    if (given[name] === undefined) throw new ServiceError('BAD_REQUEST', `${name}: must be ${parameter.expected}`);
  }
  // The handler's type is that of its route's parameters, and they have just been read.
  return given as never;
}

/** HTTP/1.1 requires a host. Without it nobody can judge for which server a request is meant. */
export function isHostless({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === '1.1';
}

export const HOST_NEEDED = 'a request of HTTP/1.1 needs a Host header';

type Headers = Readonly<Record<string, string>>;

/** An answer may vary for several reasons, so `Vary` headers are joined. */
export function joinedHeaders(ours: Headers, theirs: Headers): Headers {
  const vary = [ours['Vary'] ?? [], theirs['Vary'] ?? []].flat().join(', ');
  return { ...ours, ...theirs, ...(vary === '' ? {} : { Vary: vary }) };
}
