/**
 * A real egress with real sockets: a name server that answers what the test says, servers to reach, and a client that
 * speaks SOCKS5 as Chromium does.
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dnsPacket from 'dns-packet';
import { type Clock, systemClock } from '../../src/clock.js';
import { createEgress, type Egress } from '../../src/egress/egress.js';
import { createFates, type Fates } from '../../src/egress/fates.js';
import type { EgressDirection, EgressSetup, Fate } from '../../src/protocol/egress.js';
import { createUsage, openUsage, type Usage } from '../../src/protocol/usage.js';
import { deadline } from '../deadline.js';

export const WAIT_MS = 5_000;

export interface Scene {
  readonly egress: Egress & { fateOf(exit: number, host: string, port: number): Fate | null };
  readonly usage: Usage;
  /** From name to addresses; a name that is missing does not exist. May change at any time. */
  readonly names: Map<string, readonly string[]>;
  /** Questions that the name server does not answer, written as in `asked`. */
  readonly silent: Set<string>;
  /** What the name server was asked, as in `A name`. */
  readonly asked: string[];
  readonly hostsPath: string;
  readonly counts: {
    readonly bytes: Record<EgressDirection, number>;
    readonly refusals: string[];
    connections: number;
    open: number;
  };
  readonly over: number[];
  /** A server that hands each connection to `serve`. Closed with the scene. */
  serve(serve: (socket: Socket) => void, host?: string, port?: number): Promise<number>;
  open(): Promise<Opened>;
  close(): Promise<void>;
}

export interface Opened {
  readonly exit: number;
  readonly port: number;
}

export async function createScene(
  settings: Partial<Omit<EgressSetup, 'books'>> = {},
  clock: Clock = systemClock,
): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'egress-'));
  const hostsPath = join(folder, 'hosts');
  writeFileSync(hostsPath, '');
  const names = new Map<string, readonly string[]>();
  const asked: string[] = [];
  const silent = new Set<string>();
  const dns = await serveNames({ names, silent, asked });
  const usage = createUsage();
  const counts: Scene['counts'] = { bytes: { sent: 0, received: 0 }, refusals: [], connections: 0, open: 0 };
  const egress = createEgress({
    setup: { policy: 'open', allow: '', deny: '', proxies: NO_PROXIES, maxSessionBytes: null, usage, ...settings },
    record: {
      bytes(direction, bytes) {
        counts.bytes[direction] += bytes;
      },
      connection() {
        counts.connections++;
      },
      refusal: (reason) => void counts.refusals.push(reason),
      open(count) {
        counts.open = count;
      },
    },
    clock,
    servers: [`127.0.0.1:${dns.port}`],
    hostsPath,
  });
  const servers: Server[] = [];
  const far = new Set<Socket>();
  const exits = new Set<number>();
  const over: number[] = [];
  /** As a worker keeps them. */
  const fates = new Map<number, Fates>();
  return {
    egress: {
      ...egress,
      fateOf: (exit, host, port) => fates.get(exit)?.get(host, port) ?? null,
      close(exit) {
        fates.delete(exit);
        egress.close(exit);
      },
    },
    usage: openUsage(usage),
    names,
    silent,
    asked,
    hostsPath,
    counts,
    over,
    async serve(serve, host = '127.0.0.1', port = 0) {
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('error', () => {});
        far.add(socket.on('close', () => far.delete(socket)));
        serve(socket);
      });
      servers.push(server);
      server.listen(port, host);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
    async open() {
      const own = createFates();
      const opened = await egress.open({
        onFate: (_exit, { host, port }, fate) => own.set(host, port, fate),
        onOver: (exit) => over.push(exit),
      });
      exits.add(opened.exit);
      fates.set(opened.exit, own);
      return opened;
    },
    async close() {
      for (const exit of exits) egress.close(exit);
      for (const socket of far) socket.destroy();
      for (const server of servers) server.close();
      dns.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export const NO_PROXIES = { https: null, http: null, all: null, none: null };

export interface Reached {
  /** 0: connected. */
  readonly code: number;
  readonly socket: Socket;
}

/** As Chromium does it: every host is sent as a name. */
export async function reach(port: number, host: string, to: number): Promise<Reached> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => {});
  socket.write(Buffer.concat([GREETING, request(host, to)]));
  const reply = await read(socket, 12);
  return { code: reply[3] ?? -1, socket };
}

export const GREETING = Buffer.from([5, 1, 0]);

export function request(host: string, port: number): Buffer {
  const name = Buffer.from(host);
  return Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([port >> 8, port & 255])]);
}

/** The next `length` bytes; fewer when the socket ends before. */
export async function read(socket: Socket, length: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  const reading = async (): Promise<Buffer> => {
    for (;;) {
      bytes = Buffer.concat([bytes, socket.read() ?? Buffer.alloc(0)]);
      if (bytes.length > length) socket.unshift(bytes.subarray(length));
      if (bytes.length >= length || socket.readableEnded || socket.destroyed) return bytes.subarray(0, length);
      await new Promise<void>((resolve) => {
        const go = (): void => {
          for (const event of EVENTS) socket.off(event, go);
          resolve();
        };
        for (const event of EVENTS) socket.on(event, go);
      });
    }
  };
  return await deadline(reading(), WAIT_MS, `${length} bytes`);
}

const EVENTS = ['readable', 'end', 'close'];

/** Resolves when it has ended, reset or not. */
export async function closed(socket: Socket): Promise<void> {
  socket.resume();
  const end = new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve()));
  if (!socket.destroyed && !socket.readableEnded) await deadline(end, WAIT_MS, 'its end');
}

/** All that comes until it ends. */
export async function readAll(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk));
  if (!socket.readableEnded && !socket.destroyed) {
    await deadline(
      new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve())),
      WAIT_MS,
      'its end',
    );
  }
  return Buffer.concat(parts).toString();
}

interface NameServer {
  readonly port: number;
  close(): void;
}

async function serveNames({ names, silent, asked }: Pick<Scene, 'names' | 'silent' | 'asked'>): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const query = dnsPacket.decode(message);
    const [question] = query.questions ?? [];
    if (!question) return;
    const text = `${question.type} ${question.name}`;
    asked.push(text);
    if (silent.has(text)) return;
    const found = names.get(question.name);
    const type = question.type === 'AAAA' ? 'AAAA' : 'A';
    const answers = (found ?? [])
      .filter((address) => address.includes(':') === (type === 'AAAA'))
      .map((data) => ({ type, name: question.name, ttl: 0, data }) as const);
    const notFound = found ? 0 : 3;
    const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | notFound;
    socket.send(
      dnsPacket.encode({ type: 'response', id: query.id ?? 0, flags, questions: [question], answers }),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}
