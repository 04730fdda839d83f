/**
 * The way out of this worker's contexts. Each has an address of its own, which the egress thread serves as long as the
 * context exists. In: a port to that thread, and another one whenever it is replaced; out: addresses, and what became
 * of the connections through them. Runs in a worker thread.
 */
import assert from 'node:assert/strict';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { createFates, type Fates } from '../egress/fates.js';
import type { ClientProxy, EgressToWorker, Fate, WorkerToEgress } from '../protocol/egress.js';
import { createOnce, type End, type Once } from '../wait.js';

export interface Egress {
  /** Another thread serves from now on. All addresses of the one before are lost. */
  connect(port: MessagePort): void;
  /** An address for one context. Waits until a thread serves. */
  open(): Promise<Exit>;
}

export interface Exit {
  /** The number by which main finds its bytes (`protocol/usage.ts`). */
  readonly id: number;
  /** On loopback, where to Chromium everything seems to be. */
  readonly port: number;
  /** As a browser needs it: `socks5://…`. */
  readonly server: string;
  /** The thread that served it has gone, and so has this exit. */
  readonly lost: End & Pick<Once, 'hasHappened'>;
  /** Its session has loaded as many bytes as it may. */
  readonly over: End;
  /** Uses a proxy that the session's client has named. To be called before anything is loaded. */
  useProxy(proxy: ClientProxy): void;
  /** What became of the latest connection to the host and port of this URL that Chromium knows of; null: unknown. */
  fate(url: string): Fate | null;
  /** Resolves when all that the thread has done so far is known here, also that it is gone. */
  heard(): Promise<void>;
  /** Closes the exit. */
  close(): void;
}

/** A thread that serves, until it is gone. */
interface Line {
  send(message: WorkerToEgress): void;
  call(message: (call: number) => WorkerToEgress): Promise<EgressToWorker | null>;
  /** Reads what the thread has told and nobody has read yet. */
  catchUp(): void;
  readonly exits: Map<number, { readonly over: Once; readonly fates: Fates }>;
  readonly lost: Once;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };

export function createEgress(): Egress {
  let line: Line | null = null;
  const waiting: (() => void)[] = [];
  const connected = async (): Promise<Line> => {
    while (!line || line.lost.hasHappened()) await new Promise<void>((resolve) => waiting.push(resolve));
    return line;
  };
  return {
    connect(port) {
      line = openLine(port);
      for (const go of waiting.splice(0)) go();
    },
    async open() {
      for (;;) {
        const present = await connected();
        const reply = await present.call((call) => ({ kind: 'open', call }));
        // The thread has gone meanwhile.
        if (reply === null) continue;
        if (reply.kind === 'failed') throw new Error(`no way out for a context: ${reply.message}`);
        assert(reply.kind === 'opened');
        return exitOf(present, reply.exit, reply.port);
      }
    },
  };
}

function openLine(port: MessagePort): Line {
  const calls = new Map<number, (reply: EgressToWorker | null) => void>();
  const exits: Line['exits'] = new Map();
  const lost = createOnce();
  let lastCall = 0;
  const take = (told: EgressToWorker): void => {
    if (told.kind === 'over') {
      exits.get(told.exit)?.over.happen();
    } else if (told.kind === 'fate') {
      exits.get(told.exit)?.fates.set(told.host, told.port, told.fate);
    } else {
      calls.get(told.call)?.(told);
      calls.delete(told.call);
    }
  };
  port.on('message', take);
  port.on('close', () => {
    lost.happen();
    for (const answer of calls.values()) answer(null);
    calls.clear();
  });
  const send = (message: WorkerToEgress): void => port.postMessage(message);
  return {
    send,
    exits,
    lost,
    catchUp() {
      for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) take(next.message);
    },
    call: (message) =>
      new Promise((resolve) => {
        if (lost.hasHappened()) return resolve(null);
        calls.set(++lastCall, resolve);
        send(message(lastCall));
      }),
  };
}

function exitOf({ send, call, catchUp, exits, lost }: Line, exit: number, port: number): Exit {
  const [over, fates] = [createOnce(), createFates()];
  exits.set(exit, { over, fates });
  return {
    id: exit,
    port,
    server: `socks5://127.0.0.1:${port}`,
    lost,
    over,
    useProxy: (proxy) => send({ kind: 'proxy', exit, proxy }),
    fate(url) {
      const { hostname, port: named, protocol } = new URL(url);
      const toPort = named === '' ? DEFAULT_PORTS[protocol] : Number(named);
      if (toPort === undefined || hostname === '') return null;
      // The thread told this before Chromium could. But it told by another channel, on which Chromium may have been
      // faster.
      catchUp();
      return fates.get(hostname, toPort);
    },
    async heard() {
      await call((id) => ({ kind: 'hear', call: id }));
    },
    close() {
      exits.delete(exit);
      send({ kind: 'close', exit });
    },
  };
}
