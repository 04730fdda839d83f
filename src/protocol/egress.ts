/**
 * What crosses to and from the egress thread, through which all traffic of pages leaves: messages of workers, which
 * have an exit made for each of their contexts, and of main. An exit is an address of its own on loopback, served as
 * SOCKS5. Pure types, and the closed sets that both sides need.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Books } from './setup.js';

/** What pages may reach: all, all but what clouds tell their machines, or public addresses only. */
export const NETWORK_POLICIES = ['open', 'no-metadata', 'public'] as const;
export type NetworkPolicy = (typeof NETWORK_POLICIES)[number];

/**
 * Why a connection of a page was not made, or was cut off. `policy`: policy or NETWORK_DENY; `listener`: one of the
 * server's own; `name`: it has no address; `limit`: bytes or connections of its session; `proxy`: the way out failed;
 * `protocol`: what came was no CONNECT of SOCKS5.
 */
export const EGRESS_REFUSALS = [
  'policy',
  'listener',
  'name',
  'refused',
  'timeout',
  'unreachable',
  'reset',
  'limit',
  'proxy',
  'protocol',
  'other',
] as const;
export type EgressRefusal = (typeof EGRESS_REFUSALS)[number];

/** From pages out, and to them. */
export const EGRESS_DIRECTIONS = ['sent', 'received'] as const;
export type EgressDirection = (typeof EGRESS_DIRECTIONS)[number];

/**
 * What became of the latest connection to a host and port. Chromium cannot tell: every refusal of a proxy is
 * `ERR_SOCKS_CONNECTION_FAILED` to it.
 */
export type Fate = Dialled | Refused;

export interface Dialled {
  readonly kind: 'dialled';
  /** The very address, the proxy's when there is one on the way. */
  readonly address: string;
  readonly port: number;
}

export interface Refused {
  readonly kind: 'refused';
  readonly reason: EgressRefusal;
  /** What Chromium would have said without a proxy of ours. */
  readonly netError: `net::ERR_${string}`;
  /** For people; holds no secret. */
  readonly message: string;
}

/** A session's own way out, as Playwright's clients write it. */
export interface ClientProxy {
  /** `http://host:port`, `https://…`, `socks5://…`; `host:port` is http. */
  readonly server: string;
  readonly username?: string;
  readonly password?: string;
  /** Hosts that are reached without it, separated by commas. */
  readonly bypass?: string;
}

/** The operator's way out; null where there is none. */
export interface OutgoingProxies {
  /** For every port but 80. */
  readonly https: string | null;
  /** For port 80. */
  readonly http: string | null;
  /** For either that is not there. */
  readonly all: string | null;
  /** What is reached without any. */
  readonly none: string | null;
}

/** Each `call` is answered once, by `opened` or `failed`, or `heard`, unless the port closes. */
export type WorkerToEgress =
  | { readonly kind: 'open'; readonly call: number }
  | { readonly kind: 'close'; readonly exit: number }
  /** From here on; before the first page. A proxy that makes no sense refuses every connection. */
  | { readonly kind: 'proxy'; readonly exit: number; readonly proxy: ClientProxy }
  /** Its answer comes behind all that was told before. */
  | { readonly kind: 'hear'; readonly call: number };

export type EgressToWorker =
  /** The context's proxy is `socks5://127.0.0.1:<port>`, its bypass list `<-loopback>`. */
  | { readonly kind: 'opened'; readonly call: number; readonly exit: number; readonly port: number }
  | { readonly kind: 'failed'; readonly call: number; readonly message: string }
  | { readonly kind: 'heard'; readonly call: number }
  /** Before Chromium is told. `host` as it was asked for. */
  | { readonly kind: 'fate'; readonly exit: number; readonly host: string; readonly port: number; readonly fate: Fate }
  /** Its bytes are used up; once. Its connections are cut off, and it takes no other. */
  | { readonly kind: 'over'; readonly exit: number };

export type MainToEgress =
  /** Transferred. When it closes, so do all exits that it had opened. */
  | { readonly kind: 'worker'; readonly port: MessagePort }
  /** Ports of the server's own listeners, all of them: no page reaches one, under any address of the machine. */
  | { readonly kind: 'listeners'; readonly ports: readonly number[] };

/** What the thread is given at its start, as its `workerData`. */
export interface EgressSetup {
  readonly policy: NetworkPolicy;
  /** NETWORK_ALLOW and NETWORK_DENY as written; checked before. */
  readonly allow: string;
  readonly deny: string;
  readonly proxies: OutgoingProxies;
  /** In PEM; trusted in https proxies besides those that Node.js trusts. */
  readonly authorities?: readonly string[];
  /** Both ways together; null: no limit. */
  readonly maxSessionBytes: number | null;
  /** Of `createUsage`. */
  readonly usage: SharedArrayBuffer;
  readonly books: Books;
}
