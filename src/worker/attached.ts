/**
 * One browser as its worker has it. Contexts are made in it and disposed of, for sessions and to be kept ready, and a
 * watchdog looks after it. In: what a session needs of its context; out: leases. Runs in a worker thread.
 */
import type { Browser } from 'playwright-core';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import { cpuMsOf } from '../host/process-files.js';
import type { UnusableReason } from '../protocol/names.js';
import { type End, limit, type Once, waitFor } from '../wait.js';
import type { Connection } from './cdp/connection.js';
import type { Claimant } from './cdp/contexts.js';
import type { Egress, Exit } from './egress.js';
import { capture } from './jobs/screenshot.js';
import { type Lease, type Need, type Opened, openContext } from './lease.js';
import { watchBrowser } from './watchdog.js';

/** When a browser that still answers has not disposed of a context by then, it never will. */
const CLOSE_LIMIT_MS = 30_000;
/** Chromium's network process refuses this port itself, so nobody else is asked. */
const NOWHERE = 'http://127.0.0.1:1/';
/** A page that has not drawn yet is asked again each half second. So often that it lasts longer than a trial may. */
const TRIAL_FRAMES = 30;
/** How many pages may die while they are made, before the session is told. */
const OPEN_ATTEMPTS = 3;

export interface Attached {
  readonly lost: Once;
  /** A fresh context with a page. Rejects when the browser is lost meanwhile. */
  open(need: Need): Promise<Opened>;
  /** Opens a way out. Rejects when the browser is lost meanwhile. */
  openExit(): Promise<Exit>;
  /** An empty context, for the claimant. */
  openBare(exit: Exit, claimant: Claimant): Promise<BareContext>;
  /** See `Watchdog`. */
  suspect(): void;
  /** Resolves when the context is really gone, or the browser is. Never rejects. */
  dispose(lease: Lease): Promise<void>;
  /** See `Shard.strayContexts`. */
  strayContexts(): Promise<number>;
  contextsOpen(): number;
  pagesOpen(): number;
}

export interface BareContext {
  readonly id: string;
  /** Resolves when it is really gone, or the browser is. Never rejects. */
  dispose(): Promise<void>;
}

export interface AttachedOptions {
  /** Attaches Playwright first, when it is not attached yet. */
  readonly playwright: () => Promise<Browser>;
  /** Of the browser's main process. */
  readonly pid: number;
  readonly connection: Connection;
  readonly egress: Egress;
  readonly clock: Clock;
  /** Called once, when the browser does not work any more though its process lives: somebody should end it. */
  readonly onUnusable: (reason: UnusableReason) => void;
  /** See `WatchdogOptions`. */
  readonly onDoubt: (isDoubted: boolean) => void;
}

export function createAttached(options: AttachedOptions): Attached {
  const { playwright, pid, connection, egress, clock, onUnusable, onDoubt } = options;
  const { lost } = connection;
  const open = new Set<Lease>();
  /** Contexts that were asked for and have not gone yet. */
  let owned = 0;

  const make = async (need: Need, exit: Exit | null): Promise<Opened> => {
    owned++;
    try {
      const opened = await openContext({ playwright, connection, clock, exit }, need);
      open.add(opened.lease);
      return opened;
    } catch (error) {
      owned--;
      throw error;
    }
  };

  const untilGone = (closing: Promise<unknown>): Promise<void> =>
    waitUntilGone(closing, { connection, clock, onUnusable });

  const dispose = async (lease: Lease): Promise<void> => {
    await untilGone(lease.close());
    lease.exit?.close();
    if (open.delete(lease)) owned--;
  };

  const openBare = async (exit: Exit, claimant: Claimant): Promise<BareContext> => {
    owned++;
    try {
      const id = await waitFor(connection.raw.openContext(exit.server, claimant), [lost, gone]);
      const dispose = onlyOnce(async () => {
        await untilGone(connection.raw.closeContext(id));
        owned--;
      });
      return { id, dispose };
    } catch (error) {
      owned--;
      throw error;
    }
  };

  const trial = async (): Promise<void> => {
    const { lease } = await waitFor(make({ kind: 'plain' }, null), [lost, gone]);
    const picture = { format: 'jpeg', captureBeyondViewport: false, optimizeForSpeed: true } as const;
    // A refusal is an answer too.
    await capture(lease, picture, TRIAL_FRAMES).catch(nothing);
    await lease.cdp.send('Page.navigate', { url: NOWHERE }).catch(nothing);
    await dispose(lease);
  };

  const watchdog = watchBrowser({
    connection,
    clock,
    cpuMs: () => cpuMsOf(pid),
    probe: async () => dispose((await waitFor(make({ kind: 'plain' }, null), [lost, gone])).lease),
    trial,
    onUnusable,
    onDoubt,
  });

  return {
    lost,
    async open(need) {
      // Playwright comes before the page is counted as being made: the time that loading it takes says nothing about
      // the browser.
      if (need.kind === 'playwright') await waitFor(playwright(), [lost, gone]);
      const exit = await openExit(egress, lost);
      watchdog.begun();
      for (let attempt = 1; ; attempt++) {
        try {
          // Calls that are under way when the browser dies may never settle, so every wait also watches for that.
          const opened = await waitFor(make(need, exit), [lost, gone]);
          watchdog.made();
          return opened;
        } catch (error) {
          // Nothing of the session was in that page. Whatever killed it, the next page will work.
          const isCrash = error instanceof ServiceError && error.code === 'PAGE_CRASHED';
          if (isCrash && attempt < OPEN_ATTEMPTS) continue;
          exit.close();
          watchdog.failed(isCrash);
          throw error;
        }
      }
    },
    openExit: () => openExit(egress, lost),
    openBare,
    suspect: watchdog.suspect,
    dispose,
    async strayContexts() {
      const before = owned;
      const held = await connection.cdp.send('Target.getBrowserContexts').catch(() => null);
      // Contexts come and go while Chromium is asked, so the higher of the two counts is used.
      return Math.max(0, (held?.browserContextIds.length ?? 0) - Math.max(before, owned));
    },
    contextsOpen: () => owned,
    pagesOpen: () => [...open].reduce((sum, lease) => sum + lease.pageCount(), 0),
  };
}

async function openExit(egress: Egress, lost: End): Promise<Exit> {
  const opening = egress.open();
  try {
    return await waitFor(opening, [lost, gone]);
  } catch (error) {
    opening.then(({ close }) => close(), nothing);
    throw error;
  }
}

/** Its client may ask for it twice, or leave meanwhile. */
function onlyOnce(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= run();
    return running;
  };
}

type Closing = Pick<AttachedOptions, 'connection' | 'clock' | 'onUnusable'>;

/** Waits for a context's end. A browser in which that never comes does not work any more. Never rejects. */
async function waitUntilGone(closing: Promise<unknown>, { connection, clock, onUnusable }: Closing): Promise<void> {
  const { lost } = connection;
  const closed = closing.then(nothing, nothing);
  const isGone = await waitFor(
    closed.then(() => true),
    [lost, () => true],
    [limit(clock, CLOSE_LIMIT_MS), () => false],
  );
  if (isGone) return;
  onUnusable('unresponsive');
  await waitFor(closed, [lost, nothing]);
}

function gone(): never {
  throw new Error('Target closed: the browser is gone');
}

function nothing(): void {}
