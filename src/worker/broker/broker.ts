/**
 * Clients over WebSocket in one browser. Each has contexts of its own, beside the shard's sessions, and sees nothing
 * else. In: tickets of the clients to come; out: clients. Runs in a worker thread.
 */
import { join } from 'node:path';
import type { ClientOptions } from '../../protocol/cdp.js';
import type { End } from '../../wait.js';
import { type BrowserVersion, type Client, openClient, type Site } from './client.js';
import { type ClientSocket, type Listener, openListener } from './listener.js';
import { createScout } from './scout.js';

export interface Broker {
  /** The browser is gone. */
  readonly lost: End;
  /** The path at which main connects clients. The broker listens from the first call on. */
  path(): Promise<string>;
  /** See `Listener`. To be called after `path`. The socket is paused. */
  expect(ticket: string, options: ClientOptions, onSocket: (socket: ClientSocket) => void): () => void;
  /** See `openClient`. */
  open(socket: ClientSocket, options: ClientOptions): Promise<Client>;
  pagesOpen(): number;
}

export interface BrokerOptions extends Omit<Site, 'scout' | 'version'> {
  readonly onPageCrash: () => void;
  /** The socket's folder, which no other user can enter. */
  readonly folder: string;
}

/** The socket's name, in the browser's folder. */
const SOCKET = 'clients';

export function createBroker({ onPageCrash, folder, ...site }: BrokerOptions): Broker {
  const { connection } = site;
  const scout = createScout(connection, onPageCrash);
  const clients = new Set<Client>();
  let version: Promise<BrowserVersion> | null = null;
  let opening: Promise<Listener> | null = null;
  let listener: Listener | null = null;
  const askVersion = (): Promise<BrowserVersion> => (version ??= connection.cdp.send('Browser.getVersion'));
  connection.lost.on(() => {
    opening?.then(
      ({ close }) => close(),
      () => {},
    );
  });
  return {
    lost: connection.lost,
    async path() {
      opening ??= openListener(join(folder, SOCKET));
      listener = await opening;
      return listener.path;
    },
    expect: (ticket, { maxPayloadBytes }, onSocket) =>
      listener?.expect(ticket, maxPayloadBytes, onSocket) ?? (() => {}),
    async open(socket, options) {
      const client = await openClient(socket, options, { ...site, scout, version: askVersion });
      clients.add(client);
      const close = async (): Promise<void> => {
        await client.close();
        clients.delete(client);
      };
      return { ...client, close };
    },
    pagesOpen: () => [...clients].reduce((sum, client) => sum + client.pageCount(), 0),
  };
}
