/**
 * WebSocket upgrades. They are checked as requests are, refused as plain HTTP is, and handed on. Once its answer has
 * begun, a client gets no more bytes from here. Main thread.
 */
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import { type ClientSignal, createClient } from '../protocol/client.js';
import type { Caller } from '../protocol/tunnel.js';
import type { Auth } from './auth.js';
import { checkSize, HOST_NEEDED, isHostless, joinedHeaders, readQuery } from './checks.js';
import type { ClientOf } from './client-address.js';
import type { Connections } from './connections.js';
import { answerFailure } from './failure.js';
import type { Gate } from './origin.js';
import { sendRaw } from './raw-answer.js';
import { OTHER, type RefusedRequest, refusedAs } from './refused.js';
import type { Route } from './route.js';
import { holdEarly } from './waiting-client.js';

/** `G` is what the query says, as the route has it. */
export interface Upgrade<G = unknown> {
  readonly given: G;
  /** The whole query, checked or not. */
  readonly query: URLSearchParams;
  readonly raw: IncomingMessage;
  readonly caller: Caller;
  /** Aborts when the client leaves before its answer has begun. */
  readonly signal: ClientSignal;
}

/** Resolves when the session is over. What it throws before the answer has begun refuses the client. */
export type Accept<G = unknown> = (upgrade: Upgrade<G>) => Promise<void>;

export interface UpgradeRoute extends Pick<Route, 'path' | 'query'> {
  /** Gets what `query` reads, and nothing else. */
  readonly accept: Accept<never>;
}

/** What upgrades share with the other requests of an edge. */
export interface UpgradeOptions {
  readonly upgrades: readonly UpgradeRoute[];
  readonly auth: Auth;
  readonly gate: Gate;
  readonly clock: Clock;
  /** Counts an upgrade when its answer begins; code 499 when the client left first. */
  readonly onAnswered: (route: string, method: string, code: number, ms: number) => void;
  readonly clientOf: ClientOf;
  /** Called for a request that was refused before it became a session. */
  readonly onRefused: (refused: RefusedRequest) => void;
  /** A bug: anything that was thrown and is no ServiceError. */
  readonly onError: (error: unknown) => void;
}

/**
 * Node.js hands over the socket of whoever asks for any upgrade. Java's client asks for `h2c` with every request, and
 * wants a plain answer. So only WebSockets are upgrades here.
 */
export class Incoming extends IncomingMessage {
  #isAsked = false;

  get upgrade(): boolean {
    const isWebSocket = this.method === 'GET' && this.headers.upgrade?.toLowerCase() === 'websocket';
    return this.#isAsked && (isWebSocket || this.method === 'CONNECT');
  }

  set upgrade(isAsked: boolean | null) {
    // The constructor of IncomingMessage sets this property, before our field exists.
    if (#isAsked in this) this.#isAsked = isAsked === true;
  }
}

export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export function createUpgrades(options: UpgradeOptions, connections: Connections): OnUpgrade {
  const routes = new Map(options.upgrades.map((route) => [route.path, route]));
  const { clock } = options;
  return (request, socket, head) => {
    // Node.js has taken its own listeners away.
    socket.on('error', () => {});
    const startedAtMs = clock.monotonicMs();
    const [path = '', ...search] = (request.url ?? '').split('?');
    const route = routes.get(path === '/' ? path : path.replace(/\/+$/, ''));
    const label = route?.path ?? OTHER;
    const client = createClient();
    let isOver = false;
    const over = (code: number): void => {
      if (isOver) return;
      isOver = true;
      options.onAnswered(label, 'GET', code, clock.monotonicMs() - startedAtMs);
    };
    socket.once('close', () => {
      if (!isOver) client.abort();
      over(499);
    });
    const takeEarly = holdEarly(socket, head);
    const refuse = (error: unknown): void => {
      if (!(error instanceof ServiceError)) options.onError(error);
      else if (error.sessionId === null)
        options.onRefused(refusedAs(error, { route: label, request, clientOf: options.clientOf }));
      if (isOver) return;
      const answer = answerFailure(request, error);
      over(answer.status);
      // Our bytes would be taken for the answer to an earlier request.
      if (connections.of(socket).length > 0) socket.destroy();
      else sendRaw(socket, { ...answer, headers: joinedHeaders(options.gate.headersFor(request), answer.headers) });
    };
    const enter = async (): Promise<void> => {
      const query = new URLSearchParams(search.join('?'));
      const known = check(request, query, route, options);
      if (connections.of(socket).length > 0)
        throw new ServiceError('BAD_REQUEST', 'other requests are not answered yet');
      // The server listens on TCP, so it is a `Socket`.
      const caller: Caller = { socket: socket as Socket, key: keyOf(request), takeEarly, onAnswered: () => over(101) };
      await known.accept({ given: readQuery(known.query, query), query, raw: request, caller, signal: client.signal });
    };
    void enter().catch(refuse);
  };
}

/** @throws {ServiceError} */
function check(
  request: IncomingMessage,
  query: URLSearchParams,
  route: UpgradeRoute | undefined,
  { gate, auth, upgrades }: UpgradeOptions,
): UpgradeRoute {
  checkSize(request);
  if (isHostless(request)) throw new ServiceError('BAD_REQUEST', HOST_NEEDED);
  gate.check(request, {});
  auth.check(request, query);
  if (route) return route;
  const paths = upgrades.map(({ path }) => path).join(', ');
  throw new ServiceError('NOT_FOUND', `there is no WebSocket here${paths === '' ? '' : `, but at ${paths}`}`);
}

/** @throws {ServiceError} BAD_REQUEST */
function keyOf({ headers }: IncomingMessage): string {
  const { 'sec-websocket-key': key = '', 'sec-websocket-version': version } = headers;
  if (version !== '13') {
    const message = 'Sec-WebSocket-Version: must be 13';
    throw new ServiceError('BAD_REQUEST', message, { headers: { 'Sec-WebSocket-Version': '13' } });
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    throw new ServiceError('BAD_REQUEST', 'Sec-WebSocket-Key: must be 16 bytes in base64');
  }
  return key;
}
