/**
 * Keeps a shard's browser running, as `lifecycle.ts` decides: does what its effects say, and tells it what came of
 * them. Main thread.
 */
import type { Clock } from '../clock.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { BrowserExitReason, LaunchFailureReason } from '../protocol/names.js';
import { limit, waitFor } from '../wait.js';
import { conditionOf, type LifeEffect, type LifeEvent, type ShardCondition, step, UNBORN } from './lifecycle.js';
import type { BrowserExit, BrowserProcess } from './spawn.js';

export interface SupervisorOptions {
  readonly spawn: () => Promise<BrowserProcess>;
  /** Has the shard's thread attached to it. */
  readonly attach: (endpoint: PipeEndpoint) => Promise<void>;
  /** The browser is not to be used any more. */
  readonly detach: (generation: number) => void;
  /** Has the shard given another thread, from scratch. */
  readonly replaceThread: () => void;
  readonly clock: Clock;
  readonly events: SupervisorEvents;
}

export interface SupervisorEvents {
  launched(browser: BrowserProcess): void;
  ready(browser: BrowserProcess, launchMs: number): void;
  launchFailed(reason: LaunchFailureReason, message: string): void;
  exited(browser: BrowserProcess, exit: BrowserExit): void;
  /** The shard's condition may be another. */
  changed(): void;
}

export interface Supervisor {
  condition(): ShardCondition;
  threadReady(): void;
  threadLost(): void;
  threadFailed(): void;
  /** The worker has lost the browser of this generation. */
  pipeEnded(generation: number): void;
  /** The browser of this generation is of no more use: it is ended, and another started. */
  useless(generation: number, reason: BrowserExitReason): void;
  /** Ends the browser for good. Resolves when it has gone. */
  stop(): Promise<void>;
}

export function superviseShard(options: SupervisorOptions): Supervisor {
  const { clock, events } = options;
  let life = UNBORN;
  let process: BrowserProcess | null = null;
  let cancelTimer = (): void => {};
  let onGone = (): void => {};

  const happened = (event: LifeEvent): void => {
    const { life: next, effects } = step(life, event, clock.monotonicMs());
    life = next;
    for (const effect of effects) perform(effect);
    events.changed();
    if (life.isStopped && !life.browser) onGone();
  };

  const later = (ms: number, event: LifeEvent): void => {
    cancelTimer();
    cancelTimer = clock.after(ms, () => happened(event));
  };

  const perform = (effect: LifeEffect): void => {
    switch (effect.kind) {
      case 'spawn':
        void spawn(effect.generation);
        break;
      case 'attach':
        void attach(effect.generation, effect.limitMs);
        break;
      case 'announce':
        process?.releaseEnds();
        if (process) events.ready(process, effect.launchMs);
        break;
      case 'detach':
        options.detach(life.generation);
        break;
      case 'kill':
        process?.kill(effect.reason);
        break;
      case 'replaceThread':
        options.replaceThread();
        break;
      case 'pause':
        later(effect.ms, { kind: 'pauseOver' });
        break;
      case 'grace':
        later(effect.ms, { kind: 'graceOver', generation: effect.generation });
        break;
      case 'reportFailure':
        events.launchFailed(effect.reason, effect.message);
        break;
    }
  };

  const spawn = async (generation: number): Promise<void> => {
    try {
      process = await options.spawn();
    } catch (error) {
      return happened({ kind: 'spawnFailed', generation, message: messageOf(error) });
    }
    const spawned = process;
    events.launched(spawned);
    void spawned.exited.then((exit) => {
      process = null;
      events.exited(spawned, exit);
      happened({ kind: 'exited', generation });
    });
    happened({ kind: 'spawned', generation });
  };

  const attach = async (generation: number, limitMs: number): Promise<void> => {
    if (!process) return;
    const { readPath, writePath, artifactsDir } = process;
    const attaching = options.attach({ generation, readPath, writePath, artifactsDir });
    try {
      const tooLate = (): never => {
        throw new LimitError(`not attached after ${limitMs} ms`);
      };
      await waitFor(attaching, [limit(clock, limitMs), tooLate]);
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
      cancelTimer();
      happened({ kind: 'stop' });
      await gone;
    },
  };
}

class LimitError extends Error {}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
