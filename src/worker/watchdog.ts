/**
 * Looks after the browser that a worker is attached to, and says when it is of no more use though its process lives: it
 * says nothing at all, it answers and cannot open a page, or a process that helps it (GPU, network) does nothing any
 * more. Main then ends it. Runs in a worker thread.
 */
import type { Clock } from '../clock.js';
import type { UnusableReason } from '../protocol/names.js';
import { isWithin, limit, waitFor } from '../wait.js';
import type { Connection } from './cdp/connection.js';

/** How often the browser is asked for a sign. */
const ASK_EVERY_MS = 2_000;
/** Behind a page that makes noise an answer took 5.7 s; so what counts is that nothing came at all, twice. */
const SILENT_MAX = 2;
/**
 * A log line of 500 MB keeps its main thread at work for some 5 s before a byte of it comes, and then its pipe full for
 * seconds more. It is occupied then, and well afterwards; a bound all the same, as for everything.
 */
const OCCUPIED_MAX_MS = 60_000;
/** Of the time between two looks: one that stands still takes nothing, one that is occupied all that it can get. */
const OCCUPIED_CPU_SHARE = 0.25;
/** Pages wait for each other when the machine is busy; but then one of them is made now and then. */
const NONE_MADE_MAX_MS = 15_000;
/** A page that died while it was made may have been killed; all of so many, further and further apart, were not. */
const PROBES = 5;
const PROBE_PAUSE_MS = 250;

/** Loading nothing and drawing a blank page takes some 50 ms; a busy machine needs seconds. */
const TRIAL_LIMIT_MS = 10_000;
const TRIALS = 2;
/** Most sessions that are ended have themselves to blame: a trial costs as much as a session. */
const TRIAL_PAUSE_MS = 30_000;

export interface Watchdog {
  /** A session was ended in the middle of something: it is tried whether the browser still does all that it should. */
  suspect(): void;
  /** A page is being made. */
  begun(): void;
  made(): void;
  /** It could not be made; `isCrash`: its renderer died again and again. */
  failed(isCrash: boolean): void;
}

export interface WatchdogOptions {
  readonly connection: Pick<Connection, 'cdp' | 'lost' | 'signCount' | 'frameCount'>;
  readonly clock: Clock;
  /** CPU time that the browser's main process has used. */
  readonly cpuMs: () => number;
  /** Opens a page and closes it; rejects when there is none to be had. */
  readonly probe: () => Promise<void>;
  /** Has a page of its own go to the network, and drawn; rejects when the browser is lost. */
  readonly trial: () => Promise<void>;
  /** Called once. */
  readonly onUnusable: (reason: UnusableReason) => void;
  /** Whether it may be that it can open no page: sessions should go elsewhere, or wait, until that is known. */
  readonly onDoubt: (isDoubted: boolean) => void;
}

/** Ends by itself when the browser is lost. */
export function watchBrowser(options: WatchdogOptions): Watchdog {
  const { connection, clock, probe, trial, onUnusable, onDoubt } = options;
  const { cdp, lost } = connection;
  const pages = { underWay: 0, noneMadeSinceMs: 0, isDoubted: false };
  const trials = { isUnderWay: false, notBeforeMs: 0 };
  const signs = readSigns(options);
  let isOver = false;

  const over = (reason: UnusableReason): void => {
    if (isOver || lost.hasHappened()) return;
    isOver = true;
    onUnusable(reason);
  };

  const look = (): void => {
    signs.read();
    // No page can be made meanwhile, which says nothing of whether one could.
    pages.noneMadeSinceMs += signs.occupiedNowMs;
    const isStuck = pages.underWay > 0 && clock.monotonicMs() - pages.noneMadeSinceMs >= NONE_MADE_MAX_MS;
    if (signs.silentCount >= SILENT_MAX || signs.occupiedMs >= OCCUPIED_MAX_MS) over('unresponsive');
    else if (isStuck) over('no_pages');
    else cdp.send('Browser.getVersion').catch(() => {});
  };
  const watch = async (): Promise<void> => {
    while (!isOver && !lost.hasHappened()) {
      look();
      await waitFor(null, [limit(clock, ASK_EVERY_MS), nothing], [lost, nothing]);
    }
  };
  void watch();

  const begin = (): void => {
    if (pages.underWay === 0) pages.noneMadeSinceMs = clock.monotonicMs();
    pages.underWay++;
  };

  const canOpen = async (): Promise<boolean> => {
    for (let attempt = 1; attempt <= PROBES; attempt++) {
      await waitFor(null, [limit(clock, PROBE_PAUSE_MS * attempt), nothing], [lost, nothing]);
      // It may hang as any other page may, and is looked at as they are.
      begin();
      const isMade = await probe().then(
        () => true,
        () => false,
      );
      pages.underWay--;
      if (isMade) return true;
    }
    return false;
  };
  const ask = async (): Promise<void> => {
    pages.isDoubted = true;
    onDoubt(true);
    const isWell = await canOpen();
    pages.isDoubted = false;
    if (!isWell) return over('no_pages');
    pages.noneMadeSinceMs = clock.monotonicMs();
    onDoubt(false);
  };

  const tryAll = async (): Promise<void> => {
    for (let attempt = 1; attempt <= TRIALS; attempt++) {
      // Whatever it is answered: only what hangs is not well. A browser that is lost is no matter of a trial.
      const tried = trial().catch(() => {});
      if (await isWithin(clock, TRIAL_LIMIT_MS, tried)) return;
    }
    over('unresponsive');
  };

  return {
    suspect() {
      if (isOver || trials.isUnderWay || clock.monotonicMs() < trials.notBeforeMs) return;
      trials.isUnderWay = true;
      void tryAll().finally(() => {
        trials.isUnderWay = false;
        trials.notBeforeMs = clock.monotonicMs() + TRIAL_PAUSE_MS;
      });
    },
    begun: begin,
    made() {
      pages.underWay--;
      pages.noneMadeSinceMs = clock.monotonicMs();
    },
    failed(isCrash) {
      pages.underWay--;
      if (isCrash && !pages.isDoubted && !isOver) void ask();
    },
  };
}

/** What each look tells of the browser. The first has nothing to compare with. */
function readSigns({ connection, clock, cpuMs }: WatchdogOptions) {
  const seen = () => ({
    atMs: clock.monotonicMs(),
    signs: connection.signCount(),
    frames: connection.frameCount(),
    cpuMs: cpuMs(),
  });
  let before: ReturnType<typeof seen> | null = null;
  return {
    /** Looks in a row at which nothing had come, and it had not been at work either. */
    silentCount: 0,
    /** Since the look before; and without a break until now. */
    occupiedNowMs: 0,
    occupiedMs: 0,
    read(): void {
      const now = seen();
      const elapsedMs = now.atMs - (before?.atMs ?? now.atMs);
      const isSilent = now.signs === before?.signs;
      const isAtWork = now.cpuMs - (before?.cpuMs ?? 0) >= elapsedMs * OCCUPIED_CPU_SHARE;
      // Nothing comes because it is at work on it; or it comes, and is a frame that does not end.
      const isOccupied = now.frames === before?.frames && (!isSilent || isAtWork);
      this.occupiedNowMs = isOccupied ? elapsedMs : 0;
      this.occupiedMs = isOccupied ? this.occupiedMs + elapsedMs : 0;
      this.silentCount = isSilent && !isOccupied ? this.silentCount + 1 : 0;
      before = now;
    },
  };
}

function nothing(): void {}
