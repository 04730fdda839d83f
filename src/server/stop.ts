/**
 * The order in which a server stops: no new sessions, running ones finish or are killed, the last answers go out,
 * browsers and threads end. Main thread.
 */
import type { Server } from 'node:http';
import type { Admission } from '../admission/admission.js';
import type { Clock } from '../clock.js';
import type { Events } from '../http/events.js';
import type { Log } from '../log.js';
import type { Pool } from '../pool/pool.js';
import type { Core } from './core.js';
import type { Shards } from './shards.js';
import type { TempFolder } from './temp.js';

/** How long disposal may take of sessions that have been settled as killed. */
const DISPOSAL_LIMIT_MS = 6_000;
/** How long answers may take that are being sent when all else has stopped. */
const LAST_ANSWERS_MS = 2_000;

export interface StopOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** ms in which health says no, but sessions are still taken, for load balancers to notice. */
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
}

/** Gives the function that stops; asked again, it tells of the same stop. */
export function stopInOrder(options: StopOptions): () => Promise<void> {
  let stopping: Promise<void> | null = null;
  return () => (stopping ??= stop(options));
}

async function stop(options: StopOptions): Promise<void> {
  const { clock, admission, edge, log } = options;
  options.onDraining();
  if (options.leadMs > 0 && edge.listening) await new Promise<void>((resolve) => clock.after(options.leadMs, resolve));
  const idle = admission.drain();
  if (!(await within(clock, options.drainTimeoutMs, idle))) {
    log.warn({ sessions: admission.active().length }, 'the time to drain is over; the sessions are killed');
    admission.killAll('the server is shutting down');
    await within(clock, DISPOSAL_LIMIT_MS, idle);
  }
  options.events.close();
  if (edge.listening) await closeEdge(edge, clock);
  await options.shards.stop();
  await options.pool.destroy();
  await options.core.stop();
  await options.temp.remove();
}

async function closeEdge(edge: Server, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => edge.close(() => resolve()));
  edge.closeIdleConnections();
  if (await within(clock, LAST_ANSWERS_MS, closed)) return;
  edge.closeAllConnections();
  await closed;
}

/** Whether `promise` settled in time. */
async function within(clock: Clock, ms: number, promise: Promise<void>): Promise<boolean> {
  let cancel = (): void => {};
  const limit = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  const inTime = await Promise.race([promise.then(() => true), limit]);
  cancel();
  return inTime;
}
