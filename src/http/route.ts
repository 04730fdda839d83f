/**
 * What a route is, and what a handler gets and returns. Handlers never touch the response: they return an answer or
 * throw a ServiceError, and one place sends both. Pure types.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../protocol/client.js';
import type { Parameter } from './parameters.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent one after the other. */
  readonly chunks: readonly Uint8Array[];
  /** Sent after the chunks, for as long as it lasts. Such an answer has no length, ETag or gzip. */
  readonly stream?: Readable;
  /** Equal for equal bodies. It becomes the answer's ETag, and the gzipped body is kept under it. */
  readonly tag?: string;
}

/** `G` is what the query says, as the route has it. */
export interface Request<G = unknown> {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly given: G;
  /** The whole query, checked or not. */
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
  /** For handlers that read the body. */
  readonly raw: IncomingMessage;
  /** To be called before the body is read, for clients that wait until they are asked (`Expect: 100-continue`). */
  readonly askForBody: () => void;
  /** Aborts when the client leaves before its answer was sent. */
  readonly signal: ClientSignal;
}

export type Handle<G = unknown> = (request: Request<G>) => Promise<Answer> | Answer;

/** A route of the table with its handler, as the edge serves it. `RouteRow` explains the fields. */
export interface Route {
  readonly path: string;
  readonly methods: readonly string[];
  readonly isOpen?: true;
  readonly isForAnyOrigin?: true;
  readonly isLinkable?: true;
  readonly query: Readonly<Record<string, Parameter<unknown>>>;
  /** Gets what `query` reads, and nothing else. */
  readonly handle: Handle<never>;
}

export function json(value: unknown, status = 200): Answer {
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  return { status, headers, chunks: [Buffer.from(`${JSON.stringify(value)}\n`)] };
}

export function text(value: string, status = 200): Answer {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };
  return { status, headers, chunks: [Buffer.from(value)] };
}

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, chunks: [] };
}
