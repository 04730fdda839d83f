/**
 * Looks after the browser to which a worker is attached, and says when it does not work any more though its process
 * lives. It may say nothing at all; answer and open no page; or one of its helping processes (GPU, network) stands
 * still. Main then ends it. Runs in a worker thread.
 */
import { type Clock, untilNext } from '../clock.js';
import type { UnusableReason } from '../protocol/names.js';
import { isWithin, limit, waitFor } from '../wait.js';
import type { Connection } from './cdp/connection.js';

/** How often the browser is asked for a sign of life, in the moments in which this thread wakes anyway. */
const ASK_EVERY_MS = 2_000;
/**
 * Behind a page that makes noise, an answer took 5.7 s. So only silence counts: nothing at all came between looks, this
 * often.
 */
const SILENT_MAX = 2;
/**
 * A log line of 500 MB keeps the browser's main thread at work for some 5 s before its first byte comes. Then it fills
 * the pipe for seconds more. The browser is occupied then, and well afterwards. This is a bound all the same.
 */
const OCCUPIED_MAX_MS = 60_000;
/**
 * A share of the time between two looks. A browser that stands still uses no CPU, and one that is occupied uses all
 * that it can get.
 */
const OCCUPIED_CPU_SHARE = 0.25;
/** On a busy machine pages wait for each other, but now and then one of them is made. */
const NONE_MADE_MAX_MS = 15_000;
/**
 * A page that died while it was made may have been killed by chance. When this many die, further and further apart, it
 * is no chance.
 */
const PROBES = 5;
const PROBE_PAUSE_MS = 250;

/** Loading nothing and drawing a blank page takes some 50 ms; a busy machine needs seconds. */
const TRIAL_LIMIT_MS = 10_000;
const TRIALS = 2;
/** A trial costs as much as a session, and most sessions that are ended early are to blame themselves. */
const TRIAL_PAUSE_MS = 30_000;

export interface Watchdog {
  /**
   * A session was ended in the middle of something. A trial finds out whether the browser still does all that it
   * should.
   */
  suspect(): void;
  /** A page is being made. */
  begun(): void;
  made(): void;
  /** The page could not be made. `isCrash`: its renderer died again and again. */
  failed(isCrash: boolean): void;
}

export interface WatchdogOptions {
  readonly connection: Pick<Connection, 'cdp' | 'lost' | 'signCount' | 'frameCount'>;
  readonly clock: Clock;
  /** CPU time that the browser's main process has used. */
  readonly cpuMs: () => number;
  /** Opens a page and closes it; rejects when no page can be opened. */
  readonly probe: () => Promise<void>;
  /** Has a page of its own load something and be drawn; rejects when the browser is lost. */
  readonly trial: () => Promise<void>;
  /** Called once. */
  readonly onUnusable: (reason: UnusableReason) => void;
  /**
   * Whether the browser is suspected of being unable to open pages. Until that is known, sessions should go elsewhere
   * or wait.
   */
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
    // While the browser is occupied no page can be made, and that says nothing about whether one could.
    pages.noneMadeSinceMs += signs.occupiedNowMs;
    const isStuck = pages.underWay > 0 && clock.monotonicMs() - pages.noneMadeSinceMs >= NONE_MADE_MAX_MS;
    if (signs.silentCount >= SILENT_MAX || signs.occupiedMs >= OCCUPIED_MAX_MS) over('unresponsive');
    else if (isStuck) over('no_pages');
    else cdp.send('Browser.getVersion').catch(() => {});
  };
  const watch = async (): Promise<void> => {
    while (!isOver && !lost.hasHappened()) {
      look();
      const leftMs = untilNext(clock, ASK_EVERY_MS);
      // A look that comes late is not followed by another at once: silence takes time.
      const waitMs = leftMs < ASK_EVERY_MS / 2 ? leftMs + ASK_EVERY_MS : leftMs;
      await waitFor(null, [limit(clock, waitMs), nothing], [lost, nothing]);
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
      // A probe may hang like any other page, so it is watched as one.
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
      // Any answer is good: only a browser that hangs is not well. A lost browser is no matter for a trial.
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

/** What each look shows of the browser. The first look has nothing to compare with. */
function readSigns({ connection, clock, cpuMs }: WatchdogOptions) {
  const seen = () => ({
    atMs: clock.monotonicMs(),
    signs: connection.signCount(),
    frames: connection.frameCount(),
    cpuMs: cpuMs(),
  });
  let before: ReturnType<typeof seen> | null = null;
  return {
    /** So many looks in a row found that nothing had come and the browser was not at work. */
    silentCount: 0,
    /** How long it was occupied since the last look; below, without a break until now. */
    occupiedNowMs: 0,
    occupiedMs: 0,
    read(): void {
      const now = seen();
      const elapsedMs = now.atMs - (before?.atMs ?? now.atMs);
      const isSilent = now.signs === before?.signs;
      const isAtWork = now.cpuMs - (before?.cpuMs ?? 0) >= elapsedMs * OCCUPIED_CPU_SHARE;
      // Either nothing comes because the browser is at work; or something comes, and it is one frame that does not end.
      const isOccupied = now.frames === before?.frames && (!isSilent || isAtWork);
      this.occupiedNowMs = isOccupied ? elapsedMs : 0;
      this.occupiedMs = isOccupied ? this.occupiedMs + elapsedMs : 0;
      this.silentCount = isSilent && !isOccupied ? this.silentCount + 1 : 0;
      before = now;
    },
  };
}

function nothing(): void {}
