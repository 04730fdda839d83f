/**
 * The metrics core, put together: layout, ring, lanes, fold, snapshots and views, and the timers that drive them. Main
 * thread.
 */
import assert from 'node:assert/strict';
import type { Admission } from '../admission/admission.js';
import { type Clock, untilNext } from '../clock.js';
import type { Config } from '../config/settings.js';
import { collectAtRest } from '../garbage.js';
import { watchOomKills } from '../host/oom-kills.js';
import { collectNodejs, collectProcess, type OwnFiles, openOwnFiles, watchGarbageCollections } from '../host/self.js';
import type { Log } from '../log.js';
import type { Collector, Domains } from '../metrics/family.js';
import { createFold } from '../metrics/fold.js';
import { createLanes, LANE_CAPACITY, type LaneShape, openLaneReader } from '../metrics/lane.js';
import { createLayout } from '../metrics/layout.js';
import { createRing } from '../metrics/ring.js';
import { createSnapshots } from '../metrics/snapshot.js';
import { createHistoryView } from '../metrics/views/history.js';
import { createPrometheusView } from '../metrics/views/prometheus.js';
import { createRowTexts } from '../metrics/views/rows.js';
import { createShownRows } from '../metrics/views/shown.js';
import { createTotalsView } from '../metrics/views/totals.js';
import type { Pool } from '../pool/pool.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';
import type { HistoryFile } from '../store/history.js';
import { collectBrowsers, collectHistory, collectPool, collectSessions, setInfo } from './collectors.js';
import { keepHistory } from './history.js';
import type { Shards } from './shards.js';
import { createTimers } from './timers.js';
import { createTrouble } from './trouble.js';
import { createProcessUsage, createUsage } from './usage.js';
import type { Versions } from './versions.js';

const DRAIN_EVERY_MS = 100;
/**
 * For samples, for the history, of which a server that is killed loses at most this much, and for lanes while no
 * session runs. A lane has room for as long of the fullest work that was measured.
 */
const SECOND_MS = 1_000;
/** The egress thread writes a few records for each connection, and the bytes a few times a second. */
const EGRESS_LANE = { laneCount: 1, capacity: 2 ** 12 };
/** A sample costs main about 3 ms. */
const PROCESSES_EVERY_MS = 2_000;

/** What the gauges are read from. Asked for only once the server has been built. */
interface Sources {
  readonly admission: Admission;
  readonly pool: Pool;
  readonly shards: Shards;
  readonly kinds: readonly SessionKind[];
  readonly isDraining: () => boolean;
  /** Which resources are over their limit. */
  readonly overloaded: () => Readonly<Record<'cpu' | 'memory' | 'queue', boolean>>;
}

interface CoreOptions {
  readonly domains: Domains;
  readonly workers: number;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly versions: Versions;
  /** What an earlier server left, and where the rows of this one go; null: nowhere. */
  readonly historyFile: HistoryFile | null;
  readonly sources: () => Sources;
}

export type Core = ReturnType<typeof createCore>;

export function createCore(options: CoreOptions) {
  const { config, clock, domains, log, versions } = options;
  const { periodMs, periods } = config;
  const layout = createLayout(domains);
  const ring = createRing(
    { periods },
    Math.floor(clock.epochMs() / periodMs) * periodMs,
    options.historyFile?.restored ?? null,
  );
  const workers = openBooks({ laneCount: options.workers, capacity: LANE_CAPACITY }, domains);
  const egress = openBooks(EGRESS_LANE, domains);
  const onSetBack = (from: number, to: number): void =>
    log.warn(
      { was: new Date(from).toISOString(), is: new Date(to).toISOString() },
      'the clock was set back: rows dated later are dated anew',
    );
  const fold = createFold({ layout, ring, lanes: [...workers.lanes, ...egress.lanes], clock, periodMs, onSetBack });
  const { cellOf } = layout;
  const { record } = fold;
  setInfo(record, cellOf, [versions.headcount, versions.node, versions.playwright, versions.chromium]);

  const keeper = keepHistory(options.historyFile, { ring, record, cellOf });
  const retentionMs = periods * periodMs;
  const shownOf = createShownRows(retentionMs);
  const ownFiles = openOwnFiles();
  const takeSnapshot = createSnapshots({
    fold,
    layout,
    ring,
    clock,
    collectors: collectorsOf(options, layout.cellOf, {
      ownFiles,
      rows: () => shownOf(ring).rows.length,
    }),
    onError: sayOnce(log),
  });
  const texts = createRowTexts(ring);

  const usage = createUsage(clock, config, { record, cellOf });
  const oomKills = watchOomKills({ clock });
  const sampleProcesses = createProcessUsage({ record, cellOf }, options.workers);
  const timers = createTimers(clock);
  let isBusy = true;
  const stops = [watchGarbageCollections(record, cellOf), collectAtRest({ clock, isBusy: () => isBusy })];
  timers.repeat(
    () => (isBusy ? DRAIN_EVERY_MS : untilNext(clock, SECOND_MS)),
    () => {
      fold.drain();
      isBusy = options.sources().admission.slotsInUse() > 0;
    },
  );
  timers.every(PROCESSES_EVERY_MS, () => sampleProcesses(options.sources().shards.allPids(), !isBusy));
  // A period ends on its minute, not when somebody looks: sessions belong to the period in which they settle.
  timers.repeat(fold.untilRollMs, fold.roll);
  // One timer for all: waking the thread at another moment for each would cost more than the work.
  timers.every(SECOND_MS, () => {
    usage.sample();
    oomKills.sample();
    options.sources().admission.countSlots();
    fold.drain();
    fold.roll();
    keeper.flush();
  });

  return {
    layout,
    fold,
    record,
    cellOf,
    workers,
    egress,
    takeSnapshot,
    usage: usage.last,
    isOutOfMemory: oomKills.haveHappenedLately,
    /** The live row as JSON, without its session times. */
    liveRow(): string {
      takeSnapshot();
      const live = shownOf(ring).rows.at(-1);
      assert(live);
      return texts.of(live).bare;
    },
    views: {
      history: createHistoryView({ texts, retentionMs }),
      totals: createTotalsView({ texts, retentionMs }),
      prometheus: createPrometheusView(layout),
    },
    async stop(): Promise<void> {
      timers.stop();
      for (const stop of stops) stop();
      fold.drain();
      fold.roll();
      ownFiles.close();
      await keeper.close();
    },
  };
}

/** Where threads write what they count, and how it is read. */
function openBooks(laneShape: LaneShape, domains: Domains) {
  const buffer = createLanes(laneShape);
  const lanes = Array.from({ length: laneShape.laneCount }, (_, index) => openLaneReader(buffer, laneShape, index));
  return { lanes, books: { lanes: buffer, laneShape, domains } };
}

/** A collector that fails does so at each scrape, so it is said once. */
function sayOnce(log: Log): (collector: Collector, error: unknown) => void {
  const trouble = createTrouble(log);
  return (collector, error) =>
    trouble.begins(collector, { collector, message: String(error), err: error }, 'a collector failed');
}

function collectorsOf(
  { sources, config }: CoreOptions,
  cellOf: Core['cellOf'],
  own: { readonly ownFiles: OwnFiles; readonly rows: () => number },
) {
  const once = <T>(make: () => T): (() => T) => {
    let made: T | undefined;
    return () => (made ??= make());
  };
  // Built at the first snapshot, when the rooms exist.
  const sessions = once(() => {
    const { admission, kinds, overloaded } = sources();
    return collectSessions(cellOf, {
      admission,
      kinds,
      slots: config.concurrent,
      queueLimit: config.queueLength,
      overloaded,
    });
  });
  const pool = once(() => collectPool(cellOf, sources()));
  const browsers = once(() => collectBrowsers(cellOf, sources().shards));
  return {
    sessions: (set) => sessions()(set),
    pool: (set) => pool()(set),
    browsers: (set) => browsers()(set),
    history: collectHistory(cellOf, { periods: config.periods, rows: own.rows }),
    process: collectProcess(cellOf, own.ownFiles),
    nodejs: collectNodejs(cellOf),
  } satisfies Parameters<typeof createSnapshots>[0]['collectors'];
}
