/**
 * Main's side of the egress thread: there is one, whatever becomes of it. In: ports for workers and the server's own
 * listeners; out: word of a thread that is lost, and of the next one. Main thread.
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
  /** All exits are gone, and so are the ports that were given out; another thread follows. */
  readonly onLost: (message: string) => void;
  /** A thread begins: workers need ports that lead to it. */
  readonly onStarted: () => void;
}

export interface Keeper {
  start(): void;
  /** A port for a worker to talk to the thread by; when there is none at the moment, the next one is behind it. */
  connect(): MessagePort;
  /** All ports that the server listens at, for this thread and those that follow. */
  setListeners(ports: readonly number[]): void;
  destroy(): Promise<void>;
}

const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_LAST_MS = 5_000;

export function createKeeper(options: KeeperOptions): Keeper {
  const { clock } = options;
  let worker: Worker | null = null;
  let listeners: readonly number[] = [];
  /** For the next thread. */
  const waiting: MessagePort[] = [];
  let backOffMs = BACK_OFF_FIRST_MS;
  let cancelStart = (): void => {};
  let isDestroyed = false;

  const post = (to: Worker, message: MainToEgress): void => {
    to.postMessage(message, message.kind === 'worker' ? [message.port] : []);
  };

  const lost = (message: string): void => {
    worker = null;
    if (isDestroyed) return;
    cancelStart = clock.after(backOffMs, start);
    backOffMs = Math.min(2 * backOffMs, BACK_OFF_LAST_MS);
    options.onLost(message);
  };

  const start = (): void => {
    let thread: Worker;
    try {
      thread = new Worker(options.entry, {
        workerData: options.setup,
        // Nothing of ours: least of all the token, which it does not need.
        env: {},
        resourceLimits: { maxOldGenerationSizeMb: options.heapMb },
      });
    } catch (error) {
      lost(error instanceof Error ? error.message : String(error));
      return;
    }
    const startedMs = clock.monotonicMs();
    let reason: string | null = null;
    worker = thread;
    thread.on('error', (error) => {
      reason = error.message;
    });
    thread.on('exit', (code) => {
      if (clock.monotonicMs() - startedMs > BACK_OFF_LAST_MS) backOffMs = BACK_OFF_FIRST_MS;
      lost(reason ?? `it ended with code ${code}`);
    });
    post(thread, { kind: 'listeners', ports: listeners });
    for (const port of waiting.splice(0)) {
      try {
        post(thread, { kind: 'worker', port });
      } catch {
        // Its worker has gone meanwhile.
      }
    }
    options.onStarted();
  };

  return {
    start,
    connect() {
      const { port1, port2 } = new MessageChannel();
      if (worker) post(worker, { kind: 'worker', port: port2 });
      else waiting.push(port2);
      return port1;
    },
    setListeners(ports) {
      listeners = ports;
      if (worker) post(worker, { kind: 'listeners', ports });
    },
    async destroy() {
      isDestroyed = true;
      cancelStart();
      for (const port of waiting.splice(0)) port.close();
      await worker?.terminate();
    },
  };
}
