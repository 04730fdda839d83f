/**
 * The way out of this worker's contexts: each has an address of its own, which the egress thread serves for as long as
 * the context is there. In: the port to that thread, another one each time that it is replaced; out: addresses, and
 * what became of the connections through them. Runs in a worker thread.
 */
import assert from 'node:assert/strict';
import type { MessagePort } from 'node:worker_threads';
import type { ClientProxy, EgressToWorker, Fate, WorkerToEgress } from '../protocol/egress.js';
import { createOnce, type End, type Once } from '../wait.js';

export interface Egress {
  /** Another thread serves from now on; the addresses of the one before are lost. */
  connect(port: MessagePort): void;
  /** An address for one context. Waits for as long as no thread serves. */
  open(): Promise<Exit>;
}

export interface Exit {
  /** By which main finds what went through it (`protocol/usage.ts`). */
  readonly id: number;
  /** As a browser is given it: `socks5://…`. */
  readonly server: string;
  /** The thread that served it is gone, and it with that. */
  readonly lost: End & Pick<Once, 'hasHappened'>;
  /** Its session has loaded as many bytes as it may, and gets no more. */
  readonly over: End;
  /** Goes on by a proxy that the session's client has named. Before anything is asked for. */
  useProxy(proxy: ClientProxy): void;
  /** What became of the latest connection to where this URL leads; null: there was none. */
  fate(url: string): Promise<Fate | null>;
  /** Nobody comes by it any more. */
  close(): void;
}

/** A thread that serves, until it is gone. */
interface Line {
  send(message: WorkerToEgress): void;
  call(message: (call: number) => WorkerToEgress): Promise<EgressToWorker | null>;
  readonly exits: Map<number, Once>;
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
        // Its thread went meanwhile.
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
  const exits = new Map<number, Once>();
  const lost = createOnce();
  let lastCall = 0;
  port.on('message', (reply: EgressToWorker) => {
    if (reply.kind === 'over') return exits.get(reply.exit)?.happen();
    calls.get(reply.call)?.(reply);
    calls.delete(reply.call);
  });
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
    call: (message) =>
      new Promise((resolve) => {
        if (lost.hasHappened()) return resolve(null);
        calls.set(++lastCall, resolve);
        send(message(lastCall));
      }),
  };
}

function exitOf({ send, call, exits, lost }: Line, exit: number, port: number): Exit {
  const over = createOnce();
  exits.set(exit, over);
  return {
    id: exit,
    server: `socks5://127.0.0.1:${port}`,
    lost,
    over,
    useProxy: (proxy) => send({ kind: 'proxy', exit, proxy }),
    async fate(url) {
      const { hostname, port: named, protocol } = new URL(url);
      const toPort = named === '' ? DEFAULT_PORTS[protocol] : Number(named);
      if (toPort === undefined || hostname === '') return null;
      const reply = await call((id) => ({ kind: 'fate', call: id, exit, host: hostname, port: toPort }));
      return reply?.kind === 'fate' ? reply.fate : null;
    },
    close() {
      exits.delete(exit);
      send({ kind: 'close', exit });
    },
  };
}
