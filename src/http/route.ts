/**
 * What a route is, and what a handler is given and gives back. Handlers never touch the response: they return an
 * answer or throw a ServiceError, and one place sends both. Pure types.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../protocol/client.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent one after the other. */
  readonly chunks: readonly Uint8Array[];
  /** Sent after the chunks for as long as it lasts; then there is no length, ETag or gzip. */
  readonly stream?: Readable;
  /** Equal for equal bodies; gives the answer an ETag, and lets its gzipped form be kept. */
  readonly tag?: string;
}

export interface Request {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
  /** For whoever reads the body. */
  readonly raw: IncomingMessage;
  /** Aborts when the client has gone before its answer was sent. */
  readonly signal: ClientSignal;
}

export interface Route {
  /** As polka writes it; also the value of the label `route`. */
  readonly path: string;
  readonly methods: readonly string[];
  /** Needs no token. */
  readonly isOpen?: true;
  /** Answers foreign origins and hosts too: health checks come from anywhere and change nothing. */
  readonly isForAnyOrigin?: true;
  readonly handle: (request: Request) => Promise<Answer> | Answer;
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
