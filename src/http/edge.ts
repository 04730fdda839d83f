/**
 * The edge: sockets in, answers out. One handler around every route does what all share: limits, origin, token, errors,
 * counting. polka finds the route; it is never given a handler that can throw or reject. Main thread.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import polka, { type PolkaRequest } from 'polka';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import { type ClientSignal, createClient } from '../protocol/client.js';
import type { Auth } from './auth.js';
import { answerFailure } from './failure.js';
import type { Gate } from './origin.js';
import type { Answer, Route } from './route.js';
import type { Send } from './send.js';
import { refuseBrokenRequest } from './socket.js';

const URL_BYTES_MAX = 8_192;
const HEADER_BYTES_MAX = 16_384;

export interface EdgeOptions {
  readonly routes: readonly Route[];
  readonly auth: Auth;
  readonly gate: Gate;
  readonly send: Send;
  readonly clock: Clock;
  /** Counts an answered request; code 499 when the client left first. */
  readonly onAnswered: (route: string, method: string, code: number, ms: number) => void;
  /** A bug: anything thrown that is not a ServiceError. */
  readonly onError: (error: unknown) => void;
}

/** A server that is not listening yet. */
export function createEdge(options: EdgeOptions): Server {
  const { routes } = options;
  const app = polka({ onNoMatch: (request, response) => run(options, UNKNOWN, request, response) });
  for (const route of routes) {
    for (const method of route.methods) {
      app.add(method, route.path, (request, response) => run(options, route, request, response));
    }
    const other = otherMethods(route);
    app.all(route.path, (request, response) => run(options, other, request, response));
  }
  const server = createServer(
    {
      // Above our own limits, so that these can say which one was passed.
      maxHeaderSize: URL_BYTES_MAX + 2 * HEADER_BYTES_MAX,
      // Node's own are 60 s, 300 s and 30 s: long enough for a few slow clients to hold every socket.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 65_000,
    },
    app.handler,
  );
  server.on('clientError', refuseBrokenRequest);
  return server;
}

const UNKNOWN: Route = {
  path: 'other',
  methods: [],
  query: {},
  handle: () => {
    throw new ServiceError('NOT_FOUND', 'there is nothing here; GET / lists what there is');
  },
};

function otherMethods({ path, methods, isOpen, isForAnyOrigin }: Route): Route {
  const allow = [...methods, 'OPTIONS'].join(', ');
  return {
    path,
    methods: [],
    query: {},
    ...(isOpen ? { isOpen } : {}),
    ...(isForAnyOrigin ? { isForAnyOrigin } : {}),
    handle: ({ method }) => {
      if (method === 'OPTIONS') return { status: 204, headers: { Allow: allow }, chunks: [] };
      throw new ServiceError('METHOD_NOT_ALLOWED', `${method} is not for ${path}; ${allow} are`, {
        headers: { Allow: allow },
      });
    },
  };
}

function run(options: EdgeOptions, route: Route, request: PolkaRequest, response: ServerResponse): void {
  const { clock } = options;
  const startedAtMs = clock.monotonicMs();
  const client = createClient();
  // The response's close without its end is the client's leaving; the request's close comes right after its body.
  response.once('close', () => {
    const hasFinished = response.writableFinished;
    if (!hasFinished) client.abort();
    const code = hasFinished ? response.statusCode : 499;
    options.onAnswered(route.path, request.method ?? '', code, clock.monotonicMs() - startedAtMs);
  });
  response.on('error', () => {});
  void answer(options, route, { request, signal: client.signal })
    .then((made) => options.send(request, response, { ...made, headers: { ...options.gate.headers, ...made.headers } }))
    .catch((error: unknown) => {
      options.onError(error);
      response.destroy();
    });
}

async function answer(
  options: EdgeOptions,
  route: Route,
  { request, signal }: { readonly request: PolkaRequest; readonly signal: ClientSignal },
): Promise<Answer> {
  try {
    checkSize(request);
    if (!route.isForAnyOrigin) options.gate.check(request);
    const query = new URLSearchParams(request.search ?? '');
    // A preflight carries no token by its nature, and is answered with nothing but what is allowed.
    const isPreflight = request.method === 'OPTIONS' && request.headers.origin !== undefined;
    if (!route.isOpen && !isPreflight) options.auth.check(request, query);
    return await route.handle({
      method: request.method ?? '',
      headers: request.headers,
      given: read(route.query, query),
      query,
      params: request.params ?? {},
      raw: request,
      signal,
    });
  } catch (error) {
    if (!(error instanceof ServiceError)) options.onError(error);
    return answerFailure(request, error);
  }
}

/** What the query says, by name. @throws {ServiceError} BAD_REQUEST, with the name and what was expected. */
function read(parameters: Route['query'], query: URLSearchParams): never {
  const given: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = query.get(name);
    if (value === null) continue;
    given[name] = parameter.read(value);
    if (given[name] === undefined) throw new ServiceError('BAD_REQUEST', `${name}: must be ${parameter.expected}`);
  }
  // The handler's type is that of its route's parameters, which have just been read.
  return given as never;
}

function checkSize(request: IncomingMessage): void {
  if (Buffer.byteLength(request.url ?? '') > URL_BYTES_MAX) {
    throw new ServiceError('URI_TOO_LONG', `the URL is longer than ${URL_BYTES_MAX} bytes`);
  }
  const bytes = request.rawHeaders.reduce((sum, part) => sum + part.length + 2, 0);
  if (bytes > HEADER_BYTES_MAX) {
    throw new ServiceError('HEADERS_TOO_LARGE', `the headers are longer than ${HEADER_BYTES_MAX} bytes`);
  }
}
