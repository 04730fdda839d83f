/**
 * The way out of all pages, as main has it. It keeps the egress thread, folds what a dead one had counted, and connects
 * the workers to the next one. Main thread.
 */
import type { Authorities } from '../browsers/certificates.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/settings.js';
import { createKeeper, type Keeper } from '../egress/keeper.js';
import type { Log } from '../log.js';
import { createUsage, openUsage } from '../protocol/usage.js';
import type { Core } from './core.js';
import type { BytesOf } from './session-log.js';
import { createTrouble } from './trouble.js';

/** Buffers do not count, and for a session it keeps only a few names. */
const HEAP_MB = 128;

export interface WayOut {
  start(): void;
  /** A new port to the thread, for one worker; null: there is no thread at the moment. */
  readonly connect: Keeper['connect'];
  /** Whether a context made now has a way out. */
  isReady(): boolean;
  readonly bytesOf: BytesOf;
  /** Ports on which this server listens. */
  setListeners(ports: readonly number[]): void;
  /** For tests: ends the thread as if it had died. */
  endThread(): void;
  stop(): Promise<void>;
}

export interface WayOutOptions {
  readonly config: Config;
  readonly authorities: Authorities | null;
  readonly core: Pick<Core, 'egress' | 'fold' | 'record' | 'cellOf'>;
  readonly clock: Clock;
  readonly log: Log;
  /** There is another thread: workers need ports to it. */
  readonly onStarted: () => void;
}

export function createWayOut({ config, authorities, core, clock, log, onStarted }: WayOutOptions): WayOut {
  const usage = createUsage();
  const { read } = openUsage(usage);
  const open = core.cellOf('headcount_egress_connections_open');
  const trouble = createTrouble(log);
  const keeper = createKeeper({
    setup: {
      policy: config.networkPolicy,
      allow: config.networkAllow ?? '',
      deny: config.networkDeny ?? '',
      proxies: { https: config.httpsProxy, http: config.httpProxy, all: config.allProxy, none: config.noProxy },
      authorities: authorities?.pems ?? [],
      maxSessionBytes: config.maxSessionBytes,
      usage,
      books: core.egress.books,
    },
    entry: new URL('../egress/entry.js', import.meta.url),
    heapMb: HEAP_MB,
    clock,
    onStarted() {
      trouble.over('egress', {}, 'the egress thread works again');
      onStarted();
    },
    onLost(threadId, message) {
      trouble.begins('egress', { message }, 'the egress thread died; another is started');
      core.fold.drain();
      for (const lane of core.egress.lanes) lane.release(threadId);
      core.record(open, 0);
    },
  });
  return {
    start: keeper.start,
    connect: keeper.connect,
    isReady: keeper.isReady,
    bytesOf: (standing) => (standing?.exit ? read(standing.exit) : null),
    setListeners: keeper.setListeners,
    endThread: keeper.endThread,
    stop: keeper.destroy,
  };
}
