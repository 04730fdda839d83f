/**
 * How the server does, for `/pressure` and the health checks: derived at each call from what the rooms hold.
 */
import type { Admission } from '../admission/admission.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/settings.js';
import type { NotReady, Pressure } from '../http/management.js';

interface StatusOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly admission: Admission;
  readonly isBrowserReady: () => boolean;
  /** Whether any ever was. */
  readonly wasBrowserReady: () => boolean;
  readonly isHopeless: () => boolean;
  readonly isDraining: () => boolean;
  readonly recentlyRejected: () => number;
  /** Ratios as last sampled. */
  readonly usage: () => { readonly cpu: number; readonly memory: number };
}

const MESSAGES = {
  '': '',
  draining: '',
  browser: '',
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

  const reasonNow = (): Pressure['reason'] => {
    if (options.isDraining()) return 'draining';
    if (!options.isBrowserReady()) return 'browser';
    const over = overloaded();
    return over.queue ? 'full' : over.cpu ? 'cpu' : over.memory ? 'memory' : '';
  };

  return {
    overloaded,
    pressure(): Pressure {
      const reason = reasonNow();
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
      // Not only when it is hopeless: a session sent now would wait for a browser, and nobody knows how long.
      if (!options.isBrowserReady()) return options.wasBrowserReady() || options.isHopeless() ? 'browser' : 'starting';
      return isFull() ? 'full' : null;
    },
  };
}
