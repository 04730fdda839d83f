/**
 * The order in which a server stops: no new sessions, running ones finish or are killed, the last answers go out,
 * browsers and threads end. Main thread.
 */
import type { Server } from 'node:http';
import type { Admission } from '../admission/admission.js';
import type { Clock } from '../clock.js';
import type { DeadEnd } from '../egress/dead-end.js';
import type { Events } from '../http/events.js';
import type { Log } from '../log.js';
import type { Pool } from '../pool/pool.js';
import { isWithin } from '../wait.js';
import type { Core } from './core.js';
import type { Shards } from './shards.js';
import type { TempFolder } from './temp.js';
import type { WayOut } from './way-out.js';

/** How long the disposal of killed sessions may take. */
const DISPOSAL_LIMIT_MS = 6_000;
/** How long the last answers may take, when all else has stopped. */
const LAST_ANSWERS_MS = 2_000;

export interface StopOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** ms in which health says no while sessions are still taken, so that load balancers notice. */
  readonly leadMs: number;
  readonly drainTimeoutMs: number;
  readonly onDraining: () => void;
  readonly admission: Admission;
  readonly edge: Server;
  readonly events: Pick<Events, 'close'>;
  readonly shards: Shards;
  readonly pool: Pool;
  readonly core: Pick<Core, 'stop'>;
  readonly temp: TempFolder;
  readonly wayOut: Pick<WayOut, 'stop'>;
  readonly deadEnd: Pick<DeadEnd, 'close'>;
}

/** Returns the function that stops the server. A second call returns the promise of the first. */
export function stopInOrder(options: StopOptions): () => Promise<void> {
  let stopping: Promise<void> | null = null;
  return () => (stopping ??= stop(options));
}

async function stop(options: StopOptions): Promise<void> {
  const { clock, admission, edge, log } = options;
  options.onDraining();
  if (options.leadMs > 0 && edge.listening) await new Promise<void>((resolve) => clock.after(options.leadMs, resolve));
  const idle = admission.drain();
  if (!(await isWithin(clock, options.drainTimeoutMs, idle))) {
    log.warn({ sessions: admission.active().length }, 'the time to drain is over; the sessions are killed');
    admission.killAll('the server is shutting down');
    await isWithin(clock, DISPOSAL_LIMIT_MS, idle);
  }
  options.events.close();
  if (edge.listening) await closeEdge(edge, clock);
  await options.shards.stop();
  await options.pool.destroy();
  await options.wayOut.stop();
  options.deadEnd.close();
  await options.core.stop();
  // What cannot be removed, for example on a file system that has become read-only, is left to the next server.
  await options.temp
    .remove()
    .catch((error: Error) => log.warn({ message: error.message }, 'the temporary folder stays'));
}

async function closeEdge(edge: Server, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => edge.close(() => resolve()));
  edge.closeIdleConnections();
  if (await isWithin(clock, LAST_ANSWERS_MS, closed)) return;
  edge.closeAllConnections();
  // WebSockets are not among them. One whose worker hangs goes with its thread, which ends next.
  await isWithin(clock, LAST_ANSWERS_MS, closed);
}

/** How long saving may take after a bug, when nobody knows what still works. */
const SALVAGE_LIMIT_MS = 3_000;

/**
 * The short way out, when nothing can be relied on any more. Running sessions are settled, so that the books balance;
 * the books are written down; the browsers are ended. Never rejects.
 */
export async function salvage(options: StopOptions): Promise<void> {
  const { admission, shards, core, temp, clock, log } = options;
  const keep = async (): Promise<void> => {
    admission.killAll('the server ended by a bug');
    shards.killNow();
    await core.stop();
    await temp.remove();
  };
  try {
    if (!(await isWithin(clock, SALVAGE_LIMIT_MS, keep()))) log.error('not all could be kept in time');
  } catch (error) {
    log.error({ err: error }, 'not all could be kept');
  }
}
