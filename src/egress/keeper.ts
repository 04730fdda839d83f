/**
 * Main's side of the egress thread: it keeps one running. In: the server's own ports, and workers that want a port of
 * their own to the thread; out: word of a thread that is lost, and of the next one. Main thread.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Clock } from '../clock.js';
import type { EgressSetup, MainToEgress } from '../protocol/egress.js';

export interface KeeperOptions {
  /** The module that the thread runs. */
  readonly entry: URL;
  readonly setup: EgressSetup;
  readonly heapMb: number;
  readonly clock: Clock;
  /**
   * All exits and all ports that were given out are gone; another thread follows. The lost one writes nothing any more.
   */
  readonly onLost: (threadId: number, message: string) => void;
  /** A thread serves now: workers need ports to it. */
  readonly onStarted: () => void;
}

export interface Keeper {
  start(): void;
  /** A port for a worker to talk to the thread; null: there is no thread yet, and `onStarted` will be called. */
  connect(): MessagePort | null;
  isReady(): boolean;
  /** All ports at which the server listens, for this thread and those that follow. */
  setListeners(ports: readonly number[]): void;
  /** For tests: ends the thread. */
  endThread(): void;
  destroy(): Promise<void>;
}

const BACK_OFF_FIRST_MS = 100;
/**
 * Until the next thread serves nobody gets out. With this bound, sessions wait at most 5 s, however often the thread
 * has died.
 */
const BACK_OFF_LAST_MS = 1_000;

export function createKeeper(options: KeeperOptions): Keeper {
  const { clock } = options;
  /** The newest thread. It serves only once it has said so. */
  let thread: Worker | null = null;
  let isReady = false;
  let listeners: readonly number[] = [];
  let backOffMs = BACK_OFF_FIRST_MS;
  let cancelStart = (): void => {};
  let isDestroyed = false;

  const post = (message: MainToEgress): void => {
    thread?.postMessage(message, message.kind === 'worker' ? [message.port] : []);
  };

  const lost = (threadId: number, message: string): void => {
    thread = null;
    isReady = false;
    if (isDestroyed) return;
    cancelStart = clock.after(backOffMs, start);
    backOffMs = Math.min(2 * backOffMs, BACK_OFF_LAST_MS);
    options.onLost(threadId, message);
  };

  const start = (): void => {
    let starting: Worker;
    try {
      starting = new Worker(options.entry, {
        workerData: options.setup,
        // Nothing of ours goes there: above all not the token, and no proxy's password except its own.
        env: {},
        resourceLimits: { maxOldGenerationSizeMb: options.heapMb },
      });
    } catch (error) {
      // For example because no process is left.
      lost(0, error instanceof Error ? error.message : String(error));
      return;
    }
    const { threadId } = starting;
    const startedMs = clock.monotonicMs();
    let reason: string | null = null;
    thread = starting;
    starting.on('error', (error) => {
      reason = error.message;
    });
    starting.on('exit', (code) => {
      if (clock.monotonicMs() - startedMs > BACK_OFF_LAST_MS) backOffMs = BACK_OFF_FIRST_MS;
      lost(threadId, reason ?? `it ended with code ${code}`);
    });
    starting.once('message', () => {
      isReady = true;
      options.onStarted();
    });
    post({ kind: 'listeners', ports: listeners });
  };

  return {
    start,
    connect() {
      if (!isReady) return null;
      const { port1, port2 } = new MessageChannel();
      post({ kind: 'worker', port: port2 });
      return port1;
    },
    isReady: () => isReady,
    setListeners(ports) {
      listeners = ports;
      post({ kind: 'listeners', ports });
    },
    endThread: () => void thread?.terminate(),
    async destroy() {
      isDestroyed = true;
      cancelStart();
      await thread?.terminate();
    },
  };
}
