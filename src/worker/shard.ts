/**
 * A shard as its worker sees it: the browser it is attached to, and contexts with a blank page, some kept ready. In:
 * endpoints from main; out: a fresh context for every session. Runs in a worker thread.
 */
import type { Browser, BrowserContextOptions } from 'playwright-core';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import { attachBrowser } from './browser.js';
import type { Connection } from './connection.js';
import { type Lease, type Opened, openPlain, openWithPlaywright } from './lease.js';
import type { Tally } from './tally.js';

/** A context that Chromium has not disposed of by then never will be; main then ends the browser. */
const CLOSE_LIMIT_MS = 5_000;
/** Pages that may die while they are made, before a session is told. */
const OPEN_ATTEMPTS = 3;

/** What a session needs of its context: nothing special, or Playwright's with these options, null for any. */
export type Need =
  | { readonly kind: 'plain' }
  | { readonly kind: 'playwright'; readonly options: BrowserContextOptions | null };

export interface Shard {
  /** Attaches to a browser, in place of the one before. Calls `onLost` once when it goes. */
  attach(endpoint: PipeEndpoint, onLost: () => void): Promise<void>;
  /** A fresh context with a page: one that was ready when there is one of the kind, else a new one. */
  lease(need: Need): Promise<Lease>;
  /** Disposes of it. False when Chromium did not, within the limit. */
  release(lease: Lease): Promise<boolean>;
  /** The same for one that nobody waits for any more. False also when Chromium did not even make it. */
  releaseLate(leasing: Promise<Lease>): Promise<boolean>;
  /**
   * How many contexts Chromium has that are not ours: neither a session's nor one kept ready, nor one being made or
   * closed at this moment. 0 when the browser does not answer.
   */
  strayContexts(): Promise<number>;
  contextsOpen(): number;
  pagesOpen(): number;
}

interface Attached {
  readonly browser: Browser;
  readonly connection: Connection;
  readonly lost: Promise<void>;
  readonly ready: Lease[];
  readonly open: Set<Lease>;
  /** Being made, to be kept ready. */
  pending: number;
  /** Contexts asked for and not yet gone. */
  owned: number;
  /** Sessions with a context of it, or waiting for one. */
  busy: number;
}

export interface ShardOptions {
  readonly tally: Tally;
  readonly clock: Clock;
  readonly prewarm: number;
  /** Told how many pages are kept ready, whenever that changes. */
  readonly onReady: (pages: number) => void;
}

export function createShard({ tally, clock, prewarm, onReady }: ShardOptions): Shard {
  let current: Attached | null = null;
  /** What is kept ready is what the last session took: the next is most often like it. */
  let readyKind: Need['kind'] = 'plain';
  const owners = new Map<Lease, Attached>();

  const refill = (attached: Attached): void => {
    const kind = readyKind;
    while (attached === current && attached.ready.length + attached.pending < prewarm) {
      attached.pending++;
      open(attached, kind === 'plain' ? { kind } : { kind, options: null }, clock)
        .then(({ lease }) => {
          if (kind !== readyKind) return void dispose(attached, lease);
          attached.ready.push(lease);
          onReady(attached.ready.length);
          void lease.crashed.then(() => {
            if (discard(attached, lease)) refill(attached);
          });
        })
        // A browser that cannot open a page is about to be lost, or will fail the next session, which is told why.
        .catch(() => {})
        .finally(() => attached.pending--);
    }
  };

  const takeReady = (attached: Attached, need: Need): Lease | undefined => {
    if (need.kind === 'playwright' && need.options !== null) return undefined;
    if (need.kind !== readyKind) {
      readyKind = need.kind;
      for (const lease of [...attached.ready]) discard(attached, lease);
    }
    // The youngest: its renderer is what the CPU's caches still know.
    const ready = attached.ready.pop();
    if (ready) onReady(attached.ready.length);
    return ready;
  };

  /** False when it was not a ready one. */
  const discard = (attached: Attached, lease: Lease): boolean => {
    const at = attached.ready.indexOf(lease);
    if (at === -1) return false;
    attached.ready.splice(at, 1);
    onReady(attached.ready.length);
    void dispose(attached, lease);
    return true;
  };

  const dispose = async (attached: Attached, lease: Lease): Promise<boolean> => {
    const closed = lease.close().then(
      () => true,
      () => true,
    );
    const isClosed = await inTime(clock, Promise.race([closed, attached.lost.then(() => true)]));
    if (isClosed && attached.open.delete(lease)) attached.owned--;
    return isClosed;
  };

  const release = async (lease: Lease): Promise<boolean> => {
    const attached = owners.get(lease);
    if (!attached) return true;
    owners.delete(lease);
    attached.busy--;
    refill(attached);
    return await dispose(attached, lease);
  };

  return {
    async attach(endpoint, onLost) {
      current = null;
      const { browser, connection } = await attachBrowser(endpoint, tally.pageCrash);
      const lost = new Promise<void>((resolve) => {
        browser.on('disconnected', () => resolve());
      });
      const none = { ready: [], open: new Set<Lease>(), pending: 0, owned: 0, busy: 0 };
      const attached: Attached = { browser, connection, lost, ...none };
      current = attached;
      onReady(0);
      void lost.then(() => {
        if (current === attached) current = null;
        onLost();
      });
      refill(attached);
    },
    async lease(need) {
      const attached = current;
      if (!attached) throw new Error('Target closed: the browser is gone');
      const ready = takeReady(attached, need);
      tally.prewarm(ready ? 'hit' : 'miss');
      attached.busy++;
      try {
        // One that is alone has the CPU for itself: the next one's page is made when it has its answer.
        if (attached.busy > 1) refill(attached);
        const { lease, contextMs, pageMs } = ready
          ? { lease: ready, contextMs: 0, pageMs: 0 }
          : await open(attached, need, clock);
        tally.phase('context', contextMs);
        tally.phase('page', pageMs);
        owners.set(lease, attached);
        return lease;
      } catch (error) {
        attached.busy--;
        throw error;
      }
    },
    release,
    releaseLate: (leasing) =>
      inTime(
        clock,
        leasing.then(release, () => true),
      ),
    async strayContexts() {
      const attached = current;
      if (!attached) return 0;
      const before = attached.owned;
      const held = await attached.connection.cdp.send('Target.getBrowserContexts').catch(() => null);
      // Contexts come and go while Chromium is asked: whichever count was higher owned up to them.
      return Math.max(0, (held?.browserContextIds.length ?? 0) - Math.max(before, attached.owned));
    },
    contextsOpen: () => current?.owned ?? 0,
    pagesOpen: () => [...(current?.open ?? [])].reduce((sum, lease) => sum + lease.pageCount(), 0),
  };
}

/** What `work` says, or false when it has not by the limit. */
async function inTime(clock: Clock, work: Promise<boolean>): Promise<boolean> {
  let cancel = (): void => {};
  const limit = new Promise<boolean>((resolve) => {
    cancel = clock.after(CLOSE_LIMIT_MS, () => resolve(false));
  });
  return await Promise.race([work, limit]).finally(() => cancel());
}

/** Some calls under way when the browser dies never settle, so none is waited for without looking at that. */
async function open(attached: Attached, need: Need, clock: Clock): Promise<Opened> {
  const lost = attached.lost.then((): never => {
    throw new Error('Target closed: the browser is gone');
  });
  for (let attempt = 1; ; attempt++) {
    try {
      return await Promise.race([make(attached, need, clock), lost]);
    } catch (error) {
      // Nothing of the session's was in it: whatever killed it, the next page will do.
      const isCrash = error instanceof ServiceError && error.code === 'PAGE_CRASHED';
      if (!isCrash || attempt === OPEN_ATTEMPTS) throw error;
    }
  }
}

async function make(attached: Attached, need: Need, clock: Clock): Promise<Opened> {
  const { browser, connection, lost } = attached;
  attached.owned++;
  try {
    const opened =
      need.kind === 'plain'
        ? await openPlain({ connection, clock, lost })
        : await openWithPlaywright({ browser, connection, clock, lost, options: need.options });
    attached.open.add(opened.lease);
    return opened;
  } catch (error) {
    attached.owned--;
    throw error;
  }
}
