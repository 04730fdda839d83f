/**
 * A shard as its worker sees it: the browser it is attached to, and contexts with a blank page kept ready in it. In:
 * endpoints from main; out: a fresh context for every session. Runs in a worker thread.
 */
import type { Clock } from '../clock.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { UnusableReason } from '../protocol/names.js';
import { type Attached, createAttached, type Need } from './attached.js';
import { attachBrowser } from './browser.js';
import type { ConnectionCensus } from './cdp/connection.js';
import type { Lease } from './lease.js';
import type { Tally } from './tally.js';

export interface Shard {
  /** Attaches to a browser, in place of the one before. */
  attach(endpoint: PipeEndpoint, told: BrowserEvents): Promise<void>;
  /** A fresh context with a page: one that was ready when there is one of the kind, else a new one. */
  lease(need: Need): Promise<Lease>;
  /** Its session was ended in the middle of something: the browser may be to blame. */
  suspect(lease: Lease): void;
  /** Disposes of it. Resolves when it is really gone; never rejects. */
  release(lease: Lease): Promise<void>;
  /**
   * How many contexts Chromium has that are not ours: neither a session's nor one kept ready, nor one being made or
   * closed at this moment. 0 when the browser does not answer.
   */
  strayContexts(): Promise<number>;
  contextsOpen(): number;
  pagesOpen(): number;
  /** What the connection holds; null without a browser. */
  census(): ConnectionCensus | null;
}

export interface BrowserEvents {
  /** It has gone. Called once, last of all. */
  readonly onLost: () => void;
  readonly onUnusable: (reason: UnusableReason) => void;
  readonly onDoubt: (isDoubted: boolean) => void;
}

/** The browser, and what is kept ready in it. */
interface Household {
  readonly attached: Attached;
  readonly ready: Lease[];
  /** Being made, to be kept ready. */
  pending: number;
  /** Sessions with a context of it, or waiting for one. */
  busy: number;
  readonly census: () => ConnectionCensus;
}

export interface ShardOptions {
  readonly tally: Tally;
  readonly clock: Clock;
  readonly prewarm: number;
  /** Told how many pages are kept ready, whenever that changes. */
  readonly onReady: (pages: number) => void;
}

export function createShard({ tally, clock, prewarm, onReady }: ShardOptions): Shard {
  let current: Household | null = null;
  /** What is kept ready is what the last session took: the next is most often like it. */
  let readyKind: Need['kind'] = 'plain';
  const owners = new Map<Lease, Household>();

  const refill = (household: Household): void => {
    const { attached, ready } = household;
    const kind = readyKind;
    while (household === current && ready.length + household.pending < prewarm) {
      household.pending++;
      attached
        .open(kind === 'plain' ? { kind } : { kind, options: null })
        .then(({ lease }) => {
          if (kind !== readyKind) return void attached.dispose(lease);
          ready.push(lease);
          onReady(ready.length);
          lease.crashed.on(() => {
            if (discard(household, lease)) refill(household);
          });
        })
        // A browser that cannot open a page is looked at by its watchdog; the next session is told why it has none.
        .catch(() => {})
        .finally(() => household.pending--);
    }
  };

  const takeReady = (household: Household, need: Need): Lease | undefined => {
    if (need.kind === 'playwright' && need.options !== null) return undefined;
    if (need.kind !== readyKind) {
      readyKind = need.kind;
      for (const lease of [...household.ready]) discard(household, lease);
    }
    // The youngest: its renderer is what the CPU's caches still know.
    const ready = household.ready.pop();
    if (ready) onReady(household.ready.length);
    return ready;
  };

  /** False when it was not a ready one. */
  const discard = ({ attached, ready }: Household, lease: Lease): boolean => {
    const at = ready.indexOf(lease);
    if (at === -1) return false;
    ready.splice(at, 1);
    onReady(ready.length);
    void attached.dispose(lease);
    return true;
  };

  return {
    async attach(endpoint, { onLost, ...told }) {
      current = null;
      const { browser, connection } = await attachBrowser(endpoint, tally.pageCrash);
      // Its word came before ours could be given.
      if (connection.lost.hasHappened()) throw new Error('the browser is gone');
      const attached = createAttached({ browser, connection, clock, ...told });
      const household: Household = { attached, ready: [], pending: 0, busy: 0, census: connection.census };
      current = household;
      onReady(0);
      attached.lost.on(() => {
        if (current === household) current = null;
        onLost();
      });
      refill(household);
    },
    async lease(need) {
      const household = current;
      if (!household) throw new Error('Target closed: the browser is gone');
      const ready = takeReady(household, need);
      tally.prewarm(ready ? 'hit' : 'miss');
      household.busy++;
      try {
        // One that is alone has the CPU for itself: the next one's page is made when it has its answer.
        if (household.busy > 1) refill(household);
        const { lease, contextMs, pageMs } = ready
          ? { lease: ready, contextMs: 0, pageMs: 0 }
          : await household.attached.open(need);
        tally.phase('context', contextMs);
        tally.phase('page', pageMs);
        owners.set(lease, household);
        return lease;
      } catch (error) {
        household.busy--;
        throw error;
      }
    },
    suspect: (lease) => owners.get(lease)?.attached.suspect(),
    async release(lease) {
      const household = owners.get(lease);
      if (!household) return;
      owners.delete(lease);
      household.busy--;
      refill(household);
      await household.attached.dispose(lease);
    },
    strayContexts: async () => (await current?.attached.strayContexts()) ?? 0,
    contextsOpen: () => current?.attached.contextsOpen() ?? 0,
    pagesOpen: () => current?.attached.pagesOpen() ?? 0,
    census: () => current?.census() ?? null,
  };
}
