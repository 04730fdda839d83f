/**
 * How the server does, for `/pressure` and the health checks: derived at each call from what the rooms hold.
 */
import type { Admission } from '../admission/admission.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/settings.js';
import type { NotReady, Pressure } from '../http/management.js';

export interface StatusOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly admission: Admission;
  readonly isBrowserReady: () => boolean;
  readonly wasBrowserReady: () => boolean;
  readonly isHopeless: () => boolean;
  readonly isDraining: () => boolean;
  readonly recentlyRejected: () => number;
  /** Ratios as last sampled. */
  readonly usage: () => { readonly cpu: number; readonly memory: number };
}

const MESSAGES = {
  '': '',
  full: 'Concurrency and queue are full',
  cpu: 'CPU is over the configured maximum for cpu percent',
  memory: 'Memory is over the configured maximum for memory percent',
} as const;

export type Status = ReturnType<typeof createStatus>;

export function createStatus(options: StatusOptions) {
  const { config, admission } = options;
  const isFull = (): boolean =>
    admission.slotsInUse() >= config.concurrent && admission.queueLength() >= config.queueLength;

  const percents = () => {
    const usage = options.usage();
    return { cpu: Math.ceil(usage.cpu * 100), memory: Math.ceil(usage.memory * 100) };
  };

  const overloaded = () => {
    const { cpu, memory } = percents();
    return { cpu: cpu > config.maxCpuPercent, memory: memory > config.maxMemoryPercent, queue: isFull() };
  };

  return {
    overloaded,
    pressure(): Pressure {
      const over = overloaded();
      const reason = over.queue ? 'full' : over.cpu ? 'cpu' : over.memory ? 'memory' : '';
      return {
        date: options.clock.epochMs(),
        reason,
        message: MESSAGES[reason],
        isAvailable: reason === '',
        queued: admission.queueLength(),
        recentlyRejected: options.recentlyRejected(),
        running: admission.active().length,
        maxConcurrent: config.concurrent,
        maxQueued: config.queueLength,
        ...percents(),
      };
    },
    notReady(): NotReady {
      if (options.isDraining()) return 'draining';
      if (options.isHopeless()) return 'browser';
      if (!options.isBrowserReady() && !options.wasBrowserReady()) return 'starting';
      return isFull() ? 'full' : null;
    },
  };
}
