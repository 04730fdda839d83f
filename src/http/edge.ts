/**
 * The edge: sockets in, answers out. One handler around every route does what all share: limits, origin, token, errors,
 * counting. polka only finds the route; it never gets a handler that can throw or reject. Main thread.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import polka, { type PolkaRequest } from 'polka';
import type { Clock } from '../clock.js';
import { type FailureCode, ServiceError } from '../failures.js';
import { type ClientSignal, createClient } from '../protocol/client.js';
import type { Auth } from './auth.js';
import {
  checkSize,
  HEADER_BYTES_MAX,
  HOST_NEEDED,
  isHostless,
  joinedHeaders,
  readQuery,
  URL_BYTES_MAX,
} from './checks.js';
import type { ClientOf } from './client-address.js';
import { type Connections, createConnections } from './connections.js';
import { answerFailure } from './failure.js';
import type { Gate } from './origin.js';
import { OTHER, type RefusedRequest, refusedAs } from './refused.js';
import type { Answer, Route } from './route.js';
import type { Send } from './send.js';
import { createRefuser } from './socket.js';
import { createUpgrades, Incoming, type UpgradeRoute } from './upgrade.js';

export interface EdgeOptions {
  readonly routes: readonly Route[];
  readonly upgrades: readonly UpgradeRoute[];
  readonly auth: Auth;
  readonly gate: Gate;
  readonly send: Send;
  readonly clock: Clock;
  /** Counts an answered request; code 499 when the client left first. */
  readonly onAnswered: (route: string, method: string, code: number, ms: number) => void;
  readonly clientOf: ClientOf;
  /** Called for a request that was refused before it became a session. */
  readonly onRefused: (refused: RefusedRequest) => void;
  /** A bug: anything that was thrown and is no ServiceError. */
  readonly onError: (error: unknown) => void;
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
    (isHostless(request) ? serveHostless : app.handler)(request, response);
  };
  const server = createServer(
    {
      // Above our own limits, so that our own checks can say which limit was passed.
      maxHeaderSize: URL_BYTES_MAX + 2 * HEADER_BYTES_MAX,
      // The defaults of Node.js are 60 s, 300 s and 30 s. In that time a few slow clients could hold every socket.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 65_000,
      // A client whose machine has vanished says nothing. Without this, its session or its place among listeners would
      // be kept.
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      // Node.js would refuse such requests uncounted and without a word.
      requireHostHeader: false,
      IncomingMessage: Incoming,
    },
    onRequest,
  );
  server.on('connection', connections.add);
  // Without this listener Node.js asks for the body at once, whatever the answer will be.
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', serve(UNEXPECTED));
  const refuser = createRefuser({
    connections,
    count: (method, status) => options.onAnswered(OTHER, method, status, 0),
    onRefused: (refused) => options.onRefused({ route: OTHER, ...refused }),
  });
  server.on('clientError', refuser.broken);
  server.on('connect', refuser.tunnel);
  server.on('upgrade', createUpgrades(options, connections));
  return server;
}

const UNKNOWN = refusing('NOT_FOUND', 'there is nothing here; GET / lists what there is');
const UNEXPECTED = refusing('EXPECTATION_FAILED', 'of what can be expected, only 100-continue is known here');
const HOSTLESS: Route = {
  ...refusing('BAD_REQUEST', HOST_NEEDED),
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
      // When a body was not read, the bytes behind it are no next request.
      const close = hasBody(request) && !request.complete ? { Connection: 'close' } : {};
      const headers = joinedHeaders(gate.headersFor(request), { ...close, ...made.headers });
      return options.send(request, response, { ...made, headers });
    })
    .catch((error: unknown) => {
      options.onError(error);
      response.destroy();
    });
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
    // A preflight can carry no token. Its answer says only what is allowed.
    const isPreflight = request.method === 'OPTIONS' && request.headers.origin !== undefined;
    if (!route.isOpen && !isPreflight) options.auth.check(request, query);
    return await route.handle({
      method: request.method ?? '',
      headers: request.headers,
      given: readQuery(route.query, query),
      query,
      params: request.params ?? {},
      raw: request,
      askForBody() {
        // Other expectations have been refused already, and HTTP/1.0 does not know this one.
        if (request.headers.expect !== undefined && request.httpVersion === '1.1') response.writeContinue();
      },
      signal,
    });
  } catch (error) {
    if (!(error instanceof ServiceError)) options.onError(error);
    else if (error.sessionId === null)
      options.onRefused(refusedAs(error, { route: route.path, request, clientOf: options.clientOf }));
    return answerFailure(request, error);
  }
}
