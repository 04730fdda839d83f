/**
 * Messages to and from the egress thread, by which all traffic of pages leaves. Workers ask it for an exit for each of
 * their contexts; main sends it settings. An exit is an address of its own on loopback, which speaks SOCKS5. Pure
 * types, and the closed sets that both sides need.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Books } from './setup.js';

/** What pages may reach: everything, everything but what clouds tell their machines, or public addresses only. */
export const NETWORK_POLICIES = ['open', 'no-metadata', 'public'] as const;
export type NetworkPolicy = (typeof NETWORK_POLICIES)[number];

/**
 * Why a connection of a page was not made, or was cut off. `policy`: policy or NETWORK_DENY; `listener`: it is one of
 * the server's own; `name`: it has no address; `limit`: bytes or connections of its session; `proxy`: the outgoing
 * proxy failed; `protocol`: what came was no CONNECT of SOCKS5.
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

/** From pages, and to them. */
export const EGRESS_DIRECTIONS = ['sent', 'received'] as const;
export type EgressDirection = (typeof EGRESS_DIRECTIONS)[number];

/**
 * What became of the latest connection to a host and port. Chromium cannot tell: to it, every refusal of a proxy is
 * `ERR_SOCKS_CONNECTION_FAILED`.
 */
export type Fate = Dialled | Refused;

export interface Dialled {
  readonly kind: 'dialled';
  /** The address that was dialled; the proxy's, when there is one. */
  readonly address: string;
  readonly port: number;
}

export interface Refused {
  readonly kind: 'refused';
  readonly reason: EgressRefusal;
  /** What Chromium would have said without our proxy. */
  readonly netError: `net::ERR_${string}`;
  /** For people; has no secret in it. */
  readonly message: string;
}

/** A proxy that a session names, as Playwright's clients write it. */
export interface ClientProxy {
  /** `http://host:port`, `https://…`, `socks5://…`; `host:port` is http. */
  readonly server: string;
  readonly username?: string;
  readonly password?: string;
  /** Hosts that are reached without it, separated by commas. */
  readonly bypass?: string;
}

/** The operator's proxies; null where none is set. */
export interface OutgoingProxies {
  /** For every port but 80. */
  readonly https: string | null;
  /** For port 80. */
  readonly http: string | null;
  /** For ports whose own proxy above is not set. */
  readonly all: string | null;
  /** What is reached without a proxy. */
  readonly none: string | null;
}

/** Each `call` gets one answer, `opened`, `failed` or `heard`, unless the port closes. */
export type WorkerToEgress =
  | { readonly kind: 'open'; readonly call: number }
  | { readonly kind: 'close'; readonly exit: number }
  /** Holds from here on; sent before the first page. A proxy that cannot be read refuses every connection. */
  | { readonly kind: 'proxy'; readonly exit: number; readonly proxy: ClientProxy }
  /** Its answer comes behind all that was told before. */
  | { readonly kind: 'hear'; readonly call: number };

export type EgressToWorker =
  /** The context's proxy is `socks5://127.0.0.1:<port>`, its bypass list `<-loopback>`. */
  | { readonly kind: 'opened'; readonly call: number; readonly exit: number; readonly port: number }
  | { readonly kind: 'failed'; readonly call: number; readonly message: string }
  | { readonly kind: 'heard'; readonly call: number }
  /** Sent before Chromium is told. `host` is as the page wrote it. */
  | { readonly kind: 'fate'; readonly exit: number; readonly host: string; readonly port: number; readonly fate: Fate }
  /** The exit has used up its bytes. Sent once: its connections are cut off, and it takes no others. */
  | { readonly kind: 'over'; readonly exit: number };

export type MainToEgress =
  /** The port is transferred. When it closes, all exits opened by it close too. */
  | { readonly kind: 'worker'; readonly port: MessagePort }
  /** All ports of the server's own listeners. No page reaches them, at any address of the machine. */
  | { readonly kind: 'listeners'; readonly ports: readonly number[] };

/** What the thread gets at its start, as its `workerData`. */
export interface EgressSetup {
  readonly policy: NetworkPolicy;
  /** NETWORK_ALLOW and NETWORK_DENY as they were written; checked before. */
  readonly allow: string;
  readonly deny: string;
  readonly proxies: OutgoingProxies;
  /** In PEM. Trusted in https proxies, besides those that Node.js trusts. */
  readonly authorities?: readonly string[];
  /** Of both directions together; null: no limit. */
  readonly maxSessionBytes: number | null;
  /** From `createUsage`. */
  readonly usage: SharedArrayBuffer;
  readonly books: Books;
}
