/**
 * Keeps one shard's browser running: starts it, has the shard's worker attached to it, and starts another when it has
 * gone or its worker has. Says which state the shard is in. Main thread.
 */
import type { Clock } from '../clock.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { BrowserExitReason, LaunchFailureReason } from '../protocol/names.js';
import type { BrowserExit, BrowserProcess } from './spawn.js';

const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_LAST_MS = 5_000;
const ATTACH_LIMIT_MS = 30_000;
/** A browser that lived so long has worked; one that dies sooner is a fast death. */
const WORKED_MS = 10_000;
const FAST_DEATHS_MAX = 5;

export interface SupervisorOptions {
  readonly spawn: () => Promise<BrowserProcess>;
  /** Resolves when the shard's thread can be attached. */
  readonly threadReady: () => Promise<void>;
  readonly attach: (endpoint: PipeEndpoint) => Promise<void>;
  readonly detach: () => void;
  readonly clock: Clock;
  readonly events: SupervisorEvents;
}

export interface SupervisorEvents {
  launched(browser: BrowserProcess): void;
  ready(browser: BrowserProcess, launchMs: number): void;
  launchFailed(reason: LaunchFailureReason, message: string): void;
  exited(browser: BrowserProcess, exit: BrowserExit): void;
}

export interface Supervisor {
  /** `failing`: it cannot be started, or has died fast five times in a row; it is tried on and on. */
  state(): 'starting' | 'ready' | 'failing' | 'stopped';
  /** Ends the browser; another is started. */
  kill(reason: BrowserExitReason): void;
  /** Ends the browser for good. Resolves when it has gone. */
  stop(): Promise<void>;
}

export function superviseShard(options: SupervisorOptions): Supervisor {
  const { clock, events } = options;
  let browser: BrowserProcess | null = null;
  let isReady = false;
  let isStopped = false;
  let isUnstartable = false;
  let fastDeaths = 0;
  let generation = 0;
  let backOffMs = BACK_OFF_FIRST_MS;
  let wake = (): void => {};

  const pause = (): Promise<void> => {
    const ms = backOffMs;
    backOffMs = Math.min(backOffMs * 2, BACK_OFF_LAST_MS);
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  };

  const fail = (reason: LaunchFailureReason, error: unknown): void => {
    isUnstartable = true;
    events.launchFailed(reason, error instanceof Error ? error.message : String(error));
  };

  /** One browser's life. */
  const live = async (): Promise<void> => {
    const startedAtMs = clock.monotonicMs();
    let process: BrowserProcess;
    try {
      process = await options.spawn();
    } catch (error) {
      fail('spawn', error);
      return;
    }
    browser = process;
    events.launched(process);
    if (isStopped) process.kill('shutdown');
    let exit: BrowserExit | null = null;
    const gone = process.exited.then((ended) => {
      exit = ended;
      return ended;
    });
    try {
      const endpoint = { generation: ++generation, readPath: process.readPath, writePath: process.writePath };
      await limited(clock, Promise.race([options.attach(endpoint), gone.then(died)]));
      process.releaseEnds();
      isReady = true;
      isUnstartable = false;
      events.ready(process, clock.monotonicMs() - startedAtMs);
    } catch (error) {
      // A browser that was told to go, because its thread died or the server stops, is not one that failed to start.
      if (!isStopped && exit === null) {
        fail(error instanceof LimitError ? 'timeout' : 'attach', error);
        process.kill('killed');
      }
    }
    const ended = await gone;
    isReady = false;
    browser = null;
    options.detach();
    events.exited(process, ended);
    const hasWorked = clock.monotonicMs() - startedAtMs >= WORKED_MS;
    fastDeaths = hasWorked ? 0 : fastDeaths + 1;
    if (hasWorked) backOffMs = BACK_OFF_FIRST_MS;
  };

  const run = async (): Promise<void> => {
    while (!isStopped) {
      await Promise.race([options.threadReady(), new Promise<void>((resolve) => (wake = resolve))]);
      if (isStopped) break;
      await live();
      if (!isStopped) await pause();
    }
  };
  const running = run();

  return {
    state() {
      if (isStopped) return 'stopped';
      if (isReady) return 'ready';
      return isUnstartable || fastDeaths >= FAST_DEATHS_MAX ? 'failing' : 'starting';
    },
    kill(reason) {
      isReady = false;
      options.detach();
      browser?.kill(reason);
    },
    async stop() {
      isStopped = true;
      wake();
      browser?.kill('shutdown');
      await running;
    },
  };
}

class LimitError extends Error {}

function died(exit: BrowserExit): never {
  throw new Error(`the browser died while it was attached to: ${exit.detail}`);
}

async function limited(clock: Clock, promise: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const limit = new Promise<never>((_, reject) => {
    cancel = clock.after(ATTACH_LIMIT_MS, () => reject(new LimitError(`not attached after ${ATTACH_LIMIT_MS} ms`)));
  });
  try {
    await Promise.race([promise, limit]);
  } finally {
    cancel();
  }
}
