/**
 * How the server is, for `/pressure` and the health checks. Each call derives it from what the rooms hold.
 */
import type { Admission } from '../admission/admission.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/settings.js';
import type { NotReady, Pressure } from '../http/management.js';
import type { Usage } from './usage.js';

export interface StatusOptions {
  readonly config: Pick<Config, 'concurrent' | 'queueLength'>;
  readonly clock: Clock;
  readonly admission: Pick<Admission, 'slotsInUse' | 'queueLength' | 'active'>;
  readonly isBrowserReady: () => boolean;
  /** Whether any browser was ever ready. */
  readonly wasBrowserReady: () => boolean;
  readonly isHopeless: () => boolean;
  readonly isDraining: () => boolean;
  readonly recentlyRejected: () => number;
  readonly usage: () => Usage;
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

  /** Shown are the latest samples; judgements use the smoothed values. */
  const percents = () => {
    const usage = options.usage();
    return { cpu: Math.ceil(usage.cpu * 100), memory: Math.ceil(usage.memory * 100) };
  };

  const overloaded = () => {
    const { isCpuOver, isMemoryOver } = options.usage();
    return { cpu: isCpuOver, memory: isMemoryOver, queue: isFull() };
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
      // Also when a browser may still come: a session sent now would wait for it, and nobody knows how long.
      if (!options.isBrowserReady()) return options.wasBrowserReady() || options.isHopeless() ? 'browser' : 'starting';
      return isFull() ? 'full' : null;
    },
  };
}
