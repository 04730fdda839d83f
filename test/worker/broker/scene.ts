/**
 * A shard with a real Chromium, and clients of it as main brings them: by a ticket, over the worker's socket. In front
 * of that is a relay on TCP, since clients speak `ws://`.
 */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserProcess } from '../../../src/browsers/spawn.js';
import { systemClock } from '../../../src/clock.js';
import { createLayout } from '../../../src/metrics/layout.js';
import { type ClientOptions, TICKET_HEADER } from '../../../src/protocol/cdp.js';
import type { ClientProxy } from '../../../src/protocol/egress.js';
import type { Outcome, Progress } from '../../../src/protocol/job.js';
import { createOnce } from '../../../src/wait.js';
import { serveClient } from '../../../src/worker/broker/serve.js';
import type { ConnectionCensus } from '../../../src/worker/cdp/connection.js';
import type { Egress } from '../../../src/worker/egress.js';
import { openNeeded } from '../../../src/worker/needed.js';
import { createShard, type Shard } from '../../../src/worker/shard.js';
import { createTally } from '../../../src/worker/tally.js';
import { startChromium } from '../../browsers/started.js';
import { deadline, until } from '../../deadline.js';
import { DOMAINS } from '../../metrics/domains.js';
import { type Exits, openExits } from '../exits.js';

export const WAIT_MS = 30_000;

export interface Session {
  /** Where its client connects, once. */
  readonly url: string;
  readonly outcome: Promise<Outcome>;
  /** Its contexts are gone. */
  readonly released: Promise<void>;
  readonly told: Progress[];
  cancel(): void;
}

export interface BrokerScene {
  readonly shard: Shard;
  readonly browser: BrowserProcess;
  readonly exits: Exits;
  /** That contexts were given. */
  readonly proxies: readonly ClientProxy[];
  /** How many were counted. */
  pageCrashes(): number;
  session(options?: Partial<ClientOptions>): Promise<Session>;
  /** What is held, also when the browser is lost. */
  census(): ConnectionCensus;
  /** Everything of clients is gone. */
  atRest(): Promise<void>;
  close(): Promise<void>;
}

export const OPTIONS: ClientOptions = {
  maxPayloadBytes: 5 * 2 ** 20,
  maxBufferedBytes: 64 * 2 ** 20,
  idleMs: null,
  allowsClientProxy: false,
  allowsInsecureCerts: false,
  proxy: null,
  emulation: { windowSize: null, userAgent: null, language: null, timezone: null, ignoresCertificates: false },
};

export async function openScene(): Promise<BrokerScene> {
  const tempDir = mkdtempSync(join(tmpdir(), 'headcount-broker-'));
  const layout = createLayout(DOMAINS);
  const cells: number[] = [];
  const tally = createTally((cell) => cells.push(cell), layout, 0);
  const clock = systemClock;
  const exits = openExits();
  const browser = await startChromium(tempDir);
  const proxies: ClientProxy[] = [];
  const egress: Egress = {
    ...exits.egress,
    async open() {
      const exit = await exits.egress.open();
      const useProxy = (proxy: ClientProxy): void => {
        proxies.push(proxy);
        exit.useProxy(proxy);
      };
      return { ...exit, useProxy };
    },
  };
  const [needed, onReady] = [openNeeded(new SharedArrayBuffer(4)), (): void => {}];
  const shard = createShard({
    tally,
    clock,
    readyPlan: { pagesMax: 0, cpus: 1 },
    egress,
    needed,
    onReady,
    onLoading: () => {},
  });
  const lost = createOnce();
  const { pid, readPath, writePath, artifactsDir, homeDir } = browser;
  const endpoint = { generation: 1, pid, readPath, writePath, artifactsDir, homeDir };
  await shard.attach(endpoint, { onLost: lost.happen, onUnusable: () => {}, onDoubt: () => {} });
  browser.releaseEnds();
  const relay = await openRelay();
  let tickets = 0;
  const census = (): ConnectionCensus =>
    shard.census()[0] ?? { calls: 0, contexts: 0, sessions: 0, pages: 0, listeners: 0 };
  const atRestBefore = census();

  return {
    shard,
    browser,
    exits,
    proxies,
    pageCrashes: () => cells.filter((cell) => cell === layout.cellOf('headcount_page_crashes_total')).length,
    async session(options = {}) {
      const ticket = `ticket-${++tickets}`;
      const told: Progress[] = [];
      const cancelled = createOnce();
      let settle = (_outcome: Outcome): void => {};
      const outcome = new Promise<Outcome>((resolve) => {
        settle = resolve;
      });
      const job = { kind: 'cdp', body: { ticket, options: { ...OPTIONS, ...options } } } as const;
      const released = serveClient({
        job,
        cancelled,
        post: settle,
        tell: (progress) => told.push(progress),
        broker: shard.broker,
        tally,
        clock,
      });
      const serving = await until(
        () => told.find(({ kind }) => kind === 'serving'),
        WAIT_MS,
        'the session to be served',
      );
      const path = serving.kind === 'serving' ? serving.path : '';
      return { url: relay.add(path, ticket), outcome, released, told, cancel: cancelled.happen };
    },
    census,
    async atRest() {
      const isAtRest = (): boolean => {
        const { contexts, sessions, pages, calls, listeners } = census();
        // The watchdog asks and listens now and then.
        const isQuiet = calls <= atRestBefore.calls && listeners <= atRestBefore.listeners;
        return contexts === 0 && sessions === 0 && pages === 0 && isQuiet;
      };
      await until(isAtRest, WAIT_MS, 'all to be gone').catch((error: unknown) => {
        throw new Error(`${error}: ${JSON.stringify(census())}`);
      });
    },
    async close() {
      relay.close();
      browser.kill('shutdown');
      await deadline(browser.exited, WAIT_MS, 'the browser to go');
      await deadline(new Promise<void>((resolve) => lost.on(resolve)), WAIT_MS, 'its end to be known');
      exits.close();
      rmSync(tempDir, { recursive: true });
    },
  };
}

interface Relay {
  /** A URL at which one client gets to the socket at `path` with this ticket. */
  add(path: string, ticket: string): string;
  close(): void;
}

/** As main does: writes an upgrade request of its own, and moves bytes. The client's key is kept, so it believes us. */
async function openRelay(): Promise<Relay> {
  const ways = new Map<string, { path: string; ticket: string }>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    client.once('data', (head) => {
      const text = head.toString('latin1');
      const way = ways.get(/^GET \/(\S*)/.exec(text)?.[1] ?? '');
      if (!way) return client.destroy();
      const worker = connect(way.path);
      sockets.add(worker);
      const end = text.indexOf('\r\n');
      worker.write(`${text.slice(0, end)}\r\n${TICKET_HEADER}: ${way.ticket}${text.slice(end)}`, 'latin1');
      worker.on('error', () => client.destroy());
      worker.on('close', () => client.destroy());
      client.on('close', () => worker.destroy());
      return client.pipe(worker).pipe(client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    add(path, ticket) {
      ways.set(ticket, { path, ticket });
      return `ws://127.0.0.1:${port}/${ticket}`;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
