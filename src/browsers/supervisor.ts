/**
 * Keeps a shard's browsers running, as `lifecycle.ts` decides: it carries out the effects, and tells what came of them.
 * Main thread.
 */
import type { Clock } from '../clock.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { BrowserExitReason, LaunchFailureReason } from '../protocol/names.js';
import { limit, waitFor } from '../wait.js';
import {
  type BrowserEffect,
  conditionOf,
  type LifeEffect,
  type LifeEvent,
  type ShardCondition,
  step,
  UNBORN,
} from './lifecycle.js';
import type { BrowserExit, BrowserProcess } from './spawn.js';

export interface SupervisorOptions {
  readonly spawn: () => Promise<BrowserProcess>;
  /** Has the shard's thread attach to the browser at `endpoint`. */
  readonly attach: (endpoint: PipeEndpoint) => Promise<void>;
  /** Says that the browser of that generation must not be used any more. */
  readonly detach: (generation: number) => void;
  /** Gives the shard another thread, from scratch. */
  readonly replaceThread: () => void;
  readonly clock: Clock;
  readonly events: SupervisorEvents;
}

export interface SupervisorEvents {
  launched(browser: BrowserProcess): void;
  ready(browser: BrowserProcess, launchMs: number): void;
  launchFailed(reason: LaunchFailureReason, message: string): void;
  exited(browser: BrowserProcess, exit: BrowserExit): void;
  /** Called when the shard's condition may have changed. */
  changed(): void;
}

export interface Supervisor {
  condition(): ShardCondition;
  threadReady(): void;
  threadLost(): void;
  threadFailed(): void;
  /** The worker has seen the end of the pipe of that generation's browser. */
  pipeEnded(generation: number): void;
  /** The browser of that generation does not work any more: it is ended, and another is started. */
  useless(generation: number, reason: BrowserExitReason): void;
  /** Ends the browsers for good. Resolves when all have gone. */
  stop(): Promise<void>;
}

export function superviseShard(options: SupervisorOptions): Supervisor {
  const { clock, events } = options;
  const processes = new Map<number, BrowserProcess>();
  /** One timer for the shard's pause, and one for each browser that is to go in time. */
  const timers = createTimers<'pause' | number>(clock);
  let life = UNBORN;
  let onGone = (): void => {};

  const happened = (event: LifeEvent): void => {
    const { life: next, effects } = step(life, event, clock.monotonicMs());
    life = next;
    for (const effect of effects) perform(effect);
    events.changed();
    if (life.isStopped && life.browsers.length === 0) onGone();
  };

  const perform = (effect: LifeEffect): void => {
    if ('generation' in effect) performOn(effect, processes.get(effect.generation));
    else if (effect.kind === 'replaceThread') options.replaceThread();
    else if (effect.kind === 'pause') timers.set('pause', effect.ms, () => happened({ kind: 'pauseOver' }));
    else events.launchFailed(effect.reason, effect.message);
  };

  const performOn = (effect: BrowserEffect, process: BrowserProcess | undefined): void => {
    const { generation } = effect;
    switch (effect.kind) {
      case 'spawn':
        void spawn(generation);
        break;
      case 'attach':
        if (process) void attach(process, generation, effect.limitMs);
        break;
      case 'announce':
        process?.releaseEnds();
        if (process) events.ready(process, effect.launchMs);
        break;
      case 'detach':
        options.detach(generation);
        break;
      case 'kill':
        process?.kill(effect.reason);
        if (process) timers.set(generation, effect.limitMs, () => happened({ kind: 'endLimitOver', generation }));
        break;
      case 'grace':
        timers.set(generation, effect.ms, () => happened({ kind: 'graceOver', generation }));
        break;
    }
  };

  const spawn = async (generation: number): Promise<void> => {
    let spawned: BrowserProcess;
    try {
      spawned = await options.spawn();
    } catch (error) {
      return happened({ kind: 'spawnFailed', generation, message: messageOf(error) });
    }
    processes.set(generation, spawned);
    events.launched(spawned);
    void spawned.exited.then((exit) => {
      processes.delete(generation);
      timers.cancel(generation);
      events.exited(spawned, exit);
      happened({ kind: 'exited', generation });
    });
    happened({ kind: 'spawned', generation });
  };

  const attach = async (process: BrowserProcess, generation: number, limitMs: number): Promise<void> => {
    const { pid, readPath, writePath, artifactsDir, homeDir } = process;
    try {
      const attaching = options.attach({ generation, pid, readPath, writePath, artifactsDir, homeDir });
      await waitFor(attaching, [limit(clock, limitMs), () => tooLate(limitMs)]);
      happened({ kind: 'attached', generation });
    } catch (error) {
      const reason = error instanceof LimitError ? 'timeout' : 'attach';
      happened({ kind: 'attachFailed', generation, reason, message: messageOf(error) });
    }
  };

  return {
    condition: () => conditionOf(life),
    threadReady: () => happened({ kind: 'threadReady' }),
    threadLost: () => happened({ kind: 'threadLost' }),
    threadFailed: () => happened({ kind: 'threadFailed' }),
    pipeEnded: (generation) => happened({ kind: 'pipeEnded', generation }),
    useless: (generation, reason) => happened({ kind: 'useless', generation, reason }),
    async stop() {
      const gone = new Promise<void>((resolve) => (onGone = resolve));
      timers.cancel('pause');
      happened({ kind: 'stop' });
      await gone;
    },
  };
}

/** One timer for each key: a new one replaces the old. */
function createTimers<Key>(clock: Clock) {
  const cancels = new Map<Key, () => void>();
  const cancel = (key: Key): void => {
    cancels.get(key)?.();
    cancels.delete(key);
  };
  return {
    cancel,
    set(key: Key, ms: number, task: () => void): void {
      cancel(key);
      const fired = (): void => {
        cancels.delete(key);
        task();
      };
      cancels.set(key, clock.after(ms, fired));
    },
  };
}

function tooLate(limitMs: number): never {
  throw new LimitError(`not attached after ${limitMs} ms`);
}

class LimitError extends Error {}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
