/**
 * The edge: sockets in, answers out. One handler around every route does what all share: limits, origin, token, errors,
 * counting. polka finds the route; it is never given a handler that can throw or reject. Main thread.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import polka, { type PolkaRequest } from 'polka';
import type { Clock } from '../clock.js';
import { FAILURES, type FailureCode, ServiceError } from '../failures.js';
import { type ClientSignal, createClient } from '../protocol/client.js';
import type { Auth } from './auth.js';
import type { ClientOf } from './client-address.js';
import { type Connections, createConnections } from './connections.js';
import { answerFailure } from './failure.js';
import type { Gate } from './origin.js';
import type { Answer, Route } from './route.js';
import type { Send } from './send.js';
import { createRefuser } from './socket.js';

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
  readonly clientOf: ClientOf;
  /** Before it became a session, if it was to be one. */
  readonly onRefused: (refused: RefusedRequest) => void;
  /** A bug: anything thrown that is not a ServiceError. */
  readonly onError: (error: unknown) => void;
}

/** A request that was refused, as whoever runs the server is told of it. */
export interface RefusedRequest {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly code: FailureCode;
  readonly message: string;
  readonly client: string | null;
}

/** A server that is not listening yet. */
export function createEdge(options: EdgeOptions): Server {
  const { routes } = options;
  const connections = createConnections();
  const serve = (route: Route) => (request: PolkaRequest, response: ServerResponse) =>
    run(options, connections, { route, request, response });
  const app = polka({ onNoMatch: serve(UNKNOWN) });
  for (const route of routes) {
    for (const method of route.methods) {
      app.add(method, route.path, serve(route));
    }
    app.all(route.path, serve(otherMethods(route)));
  }
  const serveHostless = serve(HOSTLESS);
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const isHostless = request.headers.host === undefined && request.httpVersion === '1.1';
    (isHostless ? serveHostless : app.handler)(request, response);
  };
  const server = createServer(
    {
      // Above our own limits, so that these can say which one was passed.
      maxHeaderSize: URL_BYTES_MAX + 2 * HEADER_BYTES_MAX,
      // Node's own are 60 s, 300 s and 30 s: long enough for a few slow clients to hold every socket.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 65_000,
      // A client whose machine has vanished says nothing, and its session, or its place among listeners, would be kept.
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      // It would refuse them uncounted, and without a word.
      requireHostHeader: false,
    },
    onRequest,
  );
  server.on('connection', connections.add);
  // Without a listener Node.js asks for the body at once, whatever the answer will be.
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', serve(UNEXPECTED));
  const refuser = createRefuser({
    connections,
    count: (method, status) => options.onAnswered(OTHER, method, status, 0),
    onRefused: (refused) => options.onRefused({ route: OTHER, ...refused }),
  });
  server.on('clientError', refuser.broken);
  server.on('connect', refuser.tunnel);
  return server;
}

/** The label of requests that belong to no route. */
const OTHER = 'other';

const UNKNOWN = refusing('NOT_FOUND', 'there is nothing here; GET / lists what there is');
const UNEXPECTED = refusing('EXPECTATION_FAILED', 'of what can be expected, only 100-continue is known here');
const HOSTLESS: Route = {
  ...refusing('BAD_REQUEST', 'a request of HTTP/1.1 needs a Host header'),
  isOpen: true,
  isForAnyOrigin: true,
};

function refusing(code: FailureCode, message: string): Route {
  return {
    path: OTHER,
    methods: [],
    query: {},
    handle: () => {
      throw new ServiceError(code, message);
    },
  };
}

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

interface Asked {
  readonly route: Route;
  readonly request: PolkaRequest;
  readonly response: ServerResponse;
}

function run(options: EdgeOptions, connections: Connections, asked: Asked): void {
  const { clock, gate } = options;
  const { route, request, response } = asked;
  const startedAtMs = clock.monotonicMs();
  const client = createClient();
  connections.open(request, response, (code, isAnswered) => {
    if (!isAnswered) client.abort();
    options.onAnswered(route.path, request.method ?? '', code, clock.monotonicMs() - startedAtMs);
  });
  response.on('error', () => {});
  void answer(options, asked, client.signal)
    .then((made) => {
      // What follows a body that was not read is not a request.
      const close = hasBody(request) && !request.complete ? { Connection: 'close' } : {};
      const headers = joined(gate.headersFor(request), { ...close, ...made.headers });
      return options.send(request, response, { ...made, headers });
    })
    .catch((error: unknown) => {
      options.onError(error);
      response.destroy();
    });
}

type Headers = Readonly<Record<string, string>>;

/** An answer may vary for more reasons than one. */
function joined(ours: Headers, theirs: Headers): Headers {
  const vary = [ours['Vary'] ?? [], theirs['Vary'] ?? []].flat().join(', ');
  return { ...ours, ...theirs, ...(vary === '' ? {} : { Vary: vary }) };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

async function answer(
  options: EdgeOptions,
  { route, request, response }: Asked,
  signal: ClientSignal,
): Promise<Answer> {
  try {
    checkSize(request);
    if (!route.isForAnyOrigin) options.gate.check(request, route);
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
      askForBody() {
        // Those that expect anything else have been refused, and HTTP/1.0 knows nothing of it.
        if (request.headers.expect !== undefined && request.httpVersion === '1.1') response.writeContinue();
      },
      signal,
    });
  } catch (error) {
    if (!(error instanceof ServiceError)) options.onError(error);
    else if (error.sessionId === null) options.onRefused(refusedAs(error, { route, request }, options.clientOf));
    return answerFailure(request, error);
  }
}

function refusedAs(
  { code, message }: ServiceError,
  { route, request }: Pick<Asked, 'route' | 'request'>,
  clientOf: ClientOf,
): RefusedRequest {
  const { status } = FAILURES[code];
  return { route: route.path, method: request.method ?? '', status, code, message, client: clientOf(request) };
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
