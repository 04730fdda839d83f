/**
 * A shard as its worker sees it: the browser that gets new sessions, and older ones whose sessions are finishing. In:
 * endpoints from main; out: a fresh context for every session. Runs in a worker thread.
 */
import type { Browser } from 'playwright-core';
import type { Clock } from '../clock.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { UnusableReason } from '../protocol/names.js';
import type { ReadyPlan } from '../protocol/setup.js';
import { type Attached, createAttached } from './attached.js';
import { type Broker, createBroker } from './broker/broker.js';
import { attachBrowser } from './browser.js';
import type { Cdp } from './cdp/cdp.js';
import type { Connection, ConnectionCensus } from './cdp/connection.js';
import type { Egress } from './egress.js';
import { createHousehold, type Household, type Wanted } from './household.js';
import type { Lease, Need } from './lease.js';
import type { Needed } from './needed.js';
import type { Tally } from './tally.js';

export interface Shard {
  /** Attaches to a browser, which gets new sessions from then on. */
  attach(endpoint: PipeEndpoint, told: BrowserEvents): Promise<void>;
  /** A fresh context with a page: one that was kept ready when it is of the right kind, else a new one. */
  lease(need: Need): Promise<Lease>;
  /** Makes ready, while there is nothing else to do, what sessions of this server have come to need. */
  prepare(): void;
  /** No session has come for a while. */
  rest(): void;
  /** Its session was ended in the middle of something: the browser may be to blame. */
  suspect(lease: Lease): void;
  /** Disposes of the context. Resolves when it is really gone; never rejects. */
  release(lease: Lease): Promise<void>;
  /** Calls `use` with a page that is no session's. Rejects when there is no browser. */
  withPage<T>(use: (cdp: Cdp) => Promise<T>): Promise<T>;
  /**
   * Of the browser that gets new sessions.
   * @throws {Error} when there is none.
   */
  broker(): Broker;
  /**
   * How many contexts Chromium has that belong to no session, are not kept ready, and are not being made or closed. 0
   * when the browser does not answer.
   */
  strayContexts(): Promise<number>;
  contextsOpen(): number;
  pagesOpen(): number;
  /** What the connection to each browser holds; the present browser is last. */
  census(): ConnectionCensus[];
}

export interface BrowserEvents {
  /** The browser has gone. Called once, as the last event. */
  readonly onLost: () => void;
  readonly onUnusable: (reason: UnusableReason) => void;
  readonly onDoubt: (isDoubted: boolean) => void;
}

export interface ShardOptions {
  readonly tally: Tally;
  readonly clock: Clock;
  readonly readyPlan: ReadyPlan;
  readonly egress: Egress;
  readonly needed: Needed;
  /** Told how many pages are kept ready, whenever that changes. */
  readonly onReady: (pages: number) => void;
  /** Told before and after code is loaded that holds up the thread. */
  readonly onLoading: (isLoading: boolean) => void;
}

export function createShard({ tally, clock, readyPlan, egress, needed, onReady, onLoading }: ShardOptions): Shard {
  /** Of the browsers that are not lost, the oldest first; what each holds goes with it. */
  const households = new Map<Household, { readonly connection: Connection; readonly broker: Broker }>();
  let present: Household | null = null;
  let prepare = (): void => {};
  const wanted: Wanted = { kind: 'plain', isLikely: false };
  const owners = new Map<Lease, Household>();
  const sum = (count: (attached: Attached) => number): number =>
    [...households.keys()].reduce((total, { attached }) => total + count(attached), 0);

  const replacePresent = (by: Household | null): void => {
    present?.retire();
    present = by;
    prepare = () => {};
  };

  return {
    async attach(endpoint, { onLost, ...told }) {
      replacePresent(null);
      const attachment = await attachBrowser(endpoint, tally.pageCrash, onLoading);
      const { connection } = attachment;
      const playwright = (): Promise<Browser> => {
        needed.needPlaywright();
        return attachment.playwright();
      };
      // Its word came before ours could be given.
      if (connection.lost.hasHappened()) throw new Error('the browser is gone');
      const attached = createAttached({ playwright, pid: endpoint.pid, connection, egress, clock, ...told });
      onReady(0);
      const household = createHousehold({
        attached,
        tally,
        clock,
        plan: readyPlan,
        wanted,
        // Main needs no word about a browser that was replaced.
        onReady: (pages) => present === household && onReady(pages),
      });
      const broker = createBroker({
        connection,
        clock,
        folder: endpoint.artifactsDir,
        homeDir: endpoint.homeDir,
        openExit: attached.openExit,
        openContext: attached.openBare,
        tally: tally.clients,
        onPageCrash: tally.pageCrash,
      });
      households.set(household, { connection, broker });
      replacePresent(household);
      // Whoever needs it later is told why it cannot be had.
      prepare = () => void (needed.isPlaywrightNeeded() && attachment.playwright().catch(() => {}));
      attached.lost.on(() => {
        households.delete(household);
        if (present === household) replacePresent(null);
        onLost();
      });
    },
    async lease(need) {
      const household = present;
      if (!household) throw new Error('Target closed: the browser is gone');
      const { lease, contextMs, pageMs } = await household.lease(need);
      tally.phase('context', contextMs);
      tally.phase('page', pageMs);
      owners.set(lease, household);
      return lease;
    },
    withPage: (use) => withPage(present?.attached, use),
    prepare: () => prepare(),
    rest() {
      wanted.isLikely = false;
      present?.rest();
    },
    broker() {
      const broker = present && households.get(present)?.broker;
      if (!broker) throw new Error('Target closed: the browser is gone');
      return broker;
    },
    suspect: (lease) => owners.get(lease)?.suspect(),
    async release(lease) {
      const household = owners.get(lease);
      owners.delete(lease);
      await household?.release(lease);
    },
    async strayContexts() {
      const counts = await Promise.all([...households.keys()].map(({ attached }) => attached.strayContexts()));
      return counts.reduce((total, one) => total + one, 0);
    },
    contextsOpen: () => sum((attached) => attached.contextsOpen()),
    pagesOpen: () =>
      sum((attached) => attached.pagesOpen()) +
      [...households.values()].reduce((total, { broker }) => total + broker.pagesOpen(), 0),
    census: () => [...households.values()].map(({ connection }) => connection.census()),
  };
}

async function withPage<T>(attached: Attached | undefined, use: (cdp: Cdp) => Promise<T>): Promise<T> {
  if (!attached) throw new Error('Target closed: the browser is gone');
  const { lease } = await attached.open({ kind: 'plain' });
  try {
    return await use(lease.cdp);
  } finally {
    await attached.dispose(lease);
  }
}
