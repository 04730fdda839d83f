/**
 * The composition root: builds each room once and joins them by functions. In: a config; out: a server that listens,
 * and how to stop it. Main thread.
 */
import { type Authorities, readAuthorities } from '../browsers/certificates.js';
import { systemClock } from '../clock.js';
import type { Config } from '../config/settings.js';
import { openDeadEnd } from '../egress/dead-end.js';
import type { Log } from '../log.js';
import { createCages } from './cage.js';
import { createFinder, type Places } from './chromium.js';
import { buildEdge } from './edge.js';
import { openHistory } from './history.js';
import { listen } from './listen.js';
import { buildRooms, type RoomsOptions } from './rooms.js';
import { salvage, stopInOrder } from './stop.js';
import { createTempFolder, type TempFolder } from './temp.js';

interface HeadcountOptions {
  readonly config: Config;
  readonly log: Log;
  /** The history file; null: none. */
  readonly historyPath: string | null;
  /** Where Chromium may be found, or unpacked to. */
  readonly places: Places;
  /** How many it may use; may be a fraction. */
  readonly cpus: number;
  readonly workers: number;
  readonly tempDir: string;
  /** The part of the environment that a browser may see. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Headcount {
  readonly url: string;
  /** Pids of the shards' browsers; null where there is none at the moment. */
  browserPids(): readonly (number | null)[];
  /** Stops taking sessions, lets running ones finish within the limit, ends everything. Idempotent. */
  stop(): Promise<void>;
  /** Ends the browsers at once and without waiting, for a process that is about to exit. */
  abandon(): void;
  /** After a bug of ours: settles running sessions, saves books and history, ends the browsers. Never rejects. */
  salvage(): Promise<void>;
}

export async function startServer(options: HeadcountOptions): Promise<Headcount> {
  const { config, log } = options;
  const clock = systemClock;
  const finder = createFinder({ ...options, clock, setting: config.chromiumPath });
  const found = finder.get();
  await found.catch((error: unknown) =>
    log.error({ message: messageOf(error) }, 'no Chromium; it is looked for again'),
  );
  const temp = await createTempFolder(options.tempDir);
  const authorities = await authoritiesOf(config.extraCaCerts, temp);
  const historyFile = await openHistory(options.historyPath, { config, clock, log });
  const deadEnd = await openDeadEnd();
  const cages = createCages({ ...options, temp, deadEnd, clock });
  // Tried while threads are started. Whoever starts a browser waits for the result, and gets the error.
  found.then(cages.of).catch(() => {});
  const parts = { ...options, clock, finder, cages, authorities, historyFile, temp, deadEnd };
  const rooms = await builtOr(parts, async () => {
    deadEnd.close();
    await cages.stop();
    await historyFile?.close();
    await temp.remove();
  });
  const { shards, state, wayOut } = rooms;
  const edge = buildEdge(options, rooms, finder);
  const stopping = {
    ...rooms,
    log,
    leadMs: config.drainLeadMs,
    drainTimeoutMs: config.drainTimeoutMs,
    onDraining: () => {
      state.isDraining = true;
    },
    edge,
    temp,
    deadEnd,
  };
  const stop = stopInOrder(stopping);
  try {
    const { url, port } = await listen(edge, { ...config, log });
    wayOut.setListeners([port, deadEnd.port]);
    const abandon = shards.killNow;
    return { url, browserPids: shards.pids, stop, abandon, salvage: () => salvage(stopping) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** When the authorities cannot be had, nothing is left behind. */
async function authoritiesOf(paths: readonly string[] | null, temp: TempFolder): Promise<Authorities | null> {
  try {
    return await readAuthorities(paths ?? [], temp.path);
  } catch (error) {
    await temp.remove();
    throw error;
  }
}

/** Threads are started here. When that fails, all that exists already is removed again. */
async function builtOr(options: RoomsOptions, undo: () => Promise<void>): Promise<ReturnType<typeof buildRooms>> {
  try {
    return buildRooms(options);
  } catch (error) {
    await undo();
    throw new Error(`worker threads cannot be started: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
