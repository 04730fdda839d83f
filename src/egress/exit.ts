/**
 * One exit: an address on loopback that speaks SOCKS5, and lives as long as the context that it was made for. In:
 * connections; out: what each reached or why it was refused, before Chromium knows, and its bytes as they pass. Egress
 * thread.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { Fate } from '../protocol/egress.js';
import type { UsedBytes } from '../protocol/usage.js';
import { type Connector, connect } from './connector.js';
import { BUFFER_BYTES_MAX } from './dial.js';
import { type RefusedError, refusalOf, refuse } from './failure.js';
import { createGiveUp, type GivenUp } from './given-up.js';
import { join } from './join.js';
import type { Ways } from './proxies.js';
import type { Traffic } from './record.js';
import { type Request, readRequest } from './request.js';
import { CONNECTED_REPLY, refusalReply } from './socks.js';

export interface ExitOptions {
  readonly connector: Connector;
  readonly ways: Ways;
  readonly traffic: Traffic;
  readonly clock: Clock;
  /** Of both directions together; null: no limit. */
  readonly bytesMax: number | null;
  readonly onBytes: (bytes: UsedBytes) => void;
  /** Told of each connection before whoever asked for it. */
  readonly onFate: (to: Request, fate: Fate) => void;
  /** The bytes are used up; called once. */
  readonly onOver: () => void;
}

export interface Exit {
  readonly port: number;
  setWays(ways: Ways): void;
  /** Closes the exit and all its connections at once. */
  close(): void;
}

const CONNECT_LIMIT_MS = 30_000;
/** About as long as the kernel keeps a connection that was closed. */
const HALF_OPEN_MS = 60_000;
const CONNECTIONS_MAX = 256;
/** Connections that have not yet said what they want count too. */
const SOCKETS_MAX = 2 * CONNECTIONS_MAX;

/** Rejects when no port or no descriptor is left. */
export async function openExit(options: ExitOptions): Promise<Exit> {
  const { connector, traffic, clock, bytesMax } = options;
  const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: BUFFER_BYTES_MAX });
  /** For each connection, what ends it together with what it is joined to. */
  const clients = new Map<Socket, () => void>();
  let { ways } = options;
  let connectionCount = 0;
  let bytesLeft = bytesMax ?? Number.POSITIVE_INFINITY;

  const cutOff = (): void => {
    for (const end of clients.values()) end();
  };

  const count = (bytes: UsedBytes): void => {
    const wasLeft = bytesLeft > 0;
    bytesLeft -= bytes.sentBytes + bytes.receivedBytes;
    options.onBytes(bytes);
    if (bytes.sentBytes > 0) traffic.bytes('sent', bytes.sentBytes);
    if (bytes.receivedBytes > 0) traffic.bytes('received', bytes.receivedBytes);
    if (bytesLeft > 0 || !wasLeft) return;
    traffic.refusal('limit');
    // Told before the cut: a page that finds itself cut off is asked about only after this.
    options.onOver();
    cutOff();
  };

  const refused = (client: Socket, request: Request, { refused }: RefusedError): void => {
    options.onFate(request, refused);
    traffic.refusal(refused.reason);
    client.end(refusalReply(refused.reason));
    client.destroySoon();
  };

  const connected = async (client: Socket, request: Request): Promise<void> => {
    if (bytesLeft <= 0) throw refuse('limit', `the session's ${bytesMax} bytes are used up`);
    if (connectionCount > CONNECTIONS_MAX) throw refuse('limit', `the session has ${CONNECTIONS_MAX} connections`);
    const { givenUp, over } = wantedBy(client, clock);
    try {
      const connection = await connect(connector, { ...request, ways, givenUp, limitMs: CONNECT_LIMIT_MS });
      const { socket, address, port } = connection;
      options.onFate(request, { kind: 'dialled', address, port });
      traffic.opened();
      socket.on('close', () => traffic.closed());
      client.write(CONNECTED_REPLY);
      const end = join({
        client,
        remote: socket,
        halfOpenMs: HALF_OPEN_MS,
        onSent: (sentBytes) => count({ sentBytes, receivedBytes: 0 }),
        onReceived: (receivedBytes) => count({ sentBytes: 0, receivedBytes }),
      });
      if (clients.has(client)) clients.set(client, end);
    } catch (error) {
      throw givenUp.reason() ?? error;
    } finally {
      over();
    }
  };

  server.maxConnections = SOCKETS_MAX;
  server.on('connection', async (client) => {
    client.on('error', () => {});
    clients.set(client, () => client.destroy());
    client.once('close', () => clients.delete(client));
    const request = await readRequest(client, clock);
    if (!request) {
      traffic.refusal('protocol');
      return;
    }
    connectionCount++;
    client.once('close', () => connectionCount--);
    await connected(client, request).catch((error) => refused(client, request, refusalOf(error, 'connect')));
  });

  const port = await listen(server);
  connector.own.addExit(port);
  return {
    port,
    setWays(others) {
      ways = others;
    },
    close() {
      // The descriptor is closed when this returns, so nobody can take another exit's port for this one's.
      server.close();
      connector.own.removeExit(port);
      cutOff();
      connector.resolver.close();
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Accepting failed because no descriptor is left. The kernel tells whoever wanted in.
  server.on('error', () => {});
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

interface Wanted {
  readonly givenUp: GivenUp;
  /** Takes away all that is left of it. */
  over(): void;
}

/** Given up when the client has gone, or has taken too long. */
function wantedBy(client: Socket, clock: Clock): Wanted {
  const givenUp = createGiveUp();
  const gone = (): void => givenUp.happen(refuse('other', 'the page has given it up'));
  const cancel = clock.after(CONNECT_LIMIT_MS, () => {
    givenUp.happen(refuse('timeout', `connect: not within ${CONNECT_LIMIT_MS} ms`));
  });
  client.once('close', gone);
  if (client.destroyed) gone();
  return {
    givenUp,
    over() {
      cancel();
      client.off('close', gone);
    },
  };
}
