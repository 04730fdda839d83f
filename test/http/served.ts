/**
 * An edge over a table of routes, listening on a port of its own, behind a token.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/clock.js';
import { createAuth } from '../../src/http/auth.js';
import { createClientOf } from '../../src/http/client-address.js';
import { createEdge } from '../../src/http/edge.js';
import { type Cors, createGate } from '../../src/http/origin.js';
import type { RefusedRequest } from '../../src/http/refused.js';
import type { Route } from '../../src/http/route.js';
import { createSend } from '../../src/http/send.js';
import type { UpgradeRoute } from '../../src/http/upgrade.js';

export const TOKEN = 'right';

export interface Served {
  readonly server: Server;
  readonly url: string;
  readonly port: number;
  /** `route method code` of each request answered. */
  readonly answered: string[];
  /** Bugs of ours. */
  readonly errors: unknown[];
  /** Requests that were refused before they could be sessions. */
  readonly refused: RefusedRequest[];
  close(): Promise<void>;
}

interface ServeOptions {
  readonly cors?: Cors;
  readonly upgrades?: readonly UpgradeRoute[];
  /** Gets the server before it listens. */
  readonly adjust?: (server: Server) => void;
}

export async function serve(
  routes: readonly Route[],
  { cors, adjust, upgrades = [] }: ServeOptions = {},
): Promise<Served> {
  const answered: string[] = [];
  const errors: unknown[] = [];
  const refused: RefusedRequest[] = [];
  const isLoopback = (host: string): boolean => host === '127.0.0.1';
  const server = createEdge({
    routes,
    upgrades,
    auth: createAuth({ token: TOKEN, count: () => {} }),
    gate: createGate({ isOnLoopback: true, isLoopback, proxyUrl: null, cors: cors ?? null, onForeignHost: () => {} }),
    send: createSend(),
    clock: systemClock,
    onAnswered: (route, method, code) => answered.push(`${route} ${method} ${code}`),
    clientOf: createClientOf([]),
    onRefused: (one) => refused.push(one),
    onError: (error) => errors.push(error),
  });
  adjust?.(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    port,
    answered,
    errors,
    refused,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
