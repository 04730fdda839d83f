/**
 * In: a host and port; out: a connection. The name is resolved once, every address is judged, and exactly the judged
 * address is dialled. Behind an outgoing proxy the proxy resolves, so only names, literals and what this machine knows
 * are judged.
 */
import type { Clock } from '../clock.js';
import { waitFor } from '../wait.js';
import type { Address } from './addresses.js';
import { type Connection, type Dial, dial } from './dial.js';
import { refusalOf, refuse } from './failure.js';
import type { GivenUp } from './given-up.js';
import { type Host, parseHost } from './host.js';
import type { OwnListeners } from './own-listeners.js';
import type { Policy } from './policy.js';
import type { Upstream, Ways } from './proxies.js';
import type { Resolver } from './resolver.js';
import { connectThrough, proxyFailure } from './upstream.js';

export interface Connector {
  readonly policy: Policy;
  readonly own: OwnListeners;
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** In PEM. Trusted in https proxies, besides those that Node.js trusts. */
  readonly authorities: readonly string[];
}

export interface Wish {
  /** As the page spelled it. */
  readonly host: string;
  readonly port: number;
  readonly ways: Ways;
  /** Its reason is a `RefusedError`. */
  readonly givenUp: GivenUp;
  readonly limitMs: number;
}

/** Rejects with a `RefusedError`, and then leaves nothing open. */
export async function connect(connector: Connector, wish: Wish): Promise<Connection> {
  const host = parseHost(wish.host);
  if (!host) throw refuse('name', 'it is no name of a host');
  const proxy = wish.ways.proxyFor(host, wish.port);
  const addresses = await judged(connector, {
    host,
    port: wish.port,
    isResolved: proxy === null,
    givenUp: wish.givenUp,
  });
  if (proxy) return await connectByProxy(connector, wish, host, proxy);
  try {
    return await dial(dialOf(connector, wish, addresses, wish.port));
  } catch (error) {
    if (host.kind === 'name') connector.resolver.forget(host.name);
    throw refusalOf(error, 'connect');
  }
}

async function connectByProxy(connector: Connector, wish: Wish, host: Host, proxy: Upstream): Promise<Connection> {
  const { givenUp } = wish;
  const destination = { host: proxy.host, port: proxy.port, isResolved: true, givenUp };
  const addresses = await (proxy.isClients ? judged(connector, destination) : addressesOf(connector, destination));
  const connection = await dial(dialOf(connector, wish, addresses, proxy.port)).catch((error) => {
    if (proxy.host.kind === 'name') connector.resolver.forget(proxy.host.name);
    throw proxyFailure(proxy, error);
  });
  const off = givenUp.on(() => connection.socket.destroy());
  try {
    const { port, limitMs } = wish;
    const { authorities } = connector;
    const socket = await connectThrough({ proxy, socket: connection.socket, host, port, limitMs, authorities });
    return { ...connection, socket };
  } finally {
    off();
  }
}

interface Destination {
  readonly host: Host;
  readonly port: number;
  /** False: only what this machine knows of the host is looked up. */
  readonly isResolved: boolean;
  readonly givenUp: GivenUp;
}

/** All known addresses of the host; rejects when one is denied. */
async function judged(connector: Connector, destination: Destination): Promise<readonly Address[]> {
  const { policy, own } = connector;
  const { host, port } = destination;
  // A name may be denied by itself; then nobody asks for its addresses.
  const denied = policy.judge(host, [], port);
  if (denied !== null) throw refuse('policy', denied);
  const addresses = await addressesOf(connector, destination);
  if (addresses.some((address) => own.isOwn(address, port))) {
    throw refuse('listener', `${host.text}:${port} is the server's own`);
  }
  const reason = policy.judge(host, addresses, port);
  if (reason !== null) throw refuse('policy', reason);
  return addresses;
}

async function addressesOf(
  { resolver }: Connector,
  { host, isResolved, givenUp }: Destination,
): Promise<readonly Address[]> {
  if (host.kind === 'address') return [host.address];
  const asked = isResolved ? resolver.resolve(host.name) : resolver.known(host.name);
  return await waitFor<readonly Address[], never>(asked, [
    givenUp,
    () => {
      throw givenUp.reason();
    },
  ]);
}

function dialOf({ own, clock }: Connector, { givenUp }: Wish, addresses: readonly Address[], port: number): Dial {
  return { addresses, port, givenUp, own, clock };
}
