/**
 * A session of a client over WebSocket, as a worker gets it. Main checks and admits the client's upgrade, gives the job
 * to a worker, and is told the path of a Unix socket. It connects there, writes an upgrade request of its own with the
 * ticket, and moves bytes. Pure types, and the name of the header.
 */
import type { ClientProxy } from './egress.js';

/** Of the upgrade request that main makes. */
export const TICKET_HEADER = 'x-headcount-ticket';

export interface CdpJob {
  readonly kind: 'cdp';
  readonly body: {
    /** It opens one connection, once. Nobody else can guess it. */
    readonly ticket: string;
    readonly options: ClientOptions;
  };
}

/** What a client may have by the server's settings, and what it has asked for. Checked. */
export interface ClientOptions {
  /** Of one message from the client. */
  readonly maxPayloadBytes: number;
  /** Of all that waits for a client that does not read. */
  readonly maxBufferedBytes: number;
  /** How long the client may send nothing; null: no limit. */
  readonly idleMs: number | null;
  readonly allowsClientProxy: boolean;
  readonly allowsInsecureCerts: boolean;
  /** The proxy for all of its contexts that have none of their own; null: the server's way out. */
  readonly proxy: ClientProxy | null;
  readonly emulation: Emulation;
}

/** For each of its pages; null: the browser's own. */
export interface Emulation {
  /** CSS pixels. */
  readonly windowSize: { readonly width: number; readonly height: number } | null;
  readonly userAgent: string | null;
  /** As in `Accept-Language`: `de-AT,de`. */
  readonly language: string | null;
  readonly timezone: string | null;
  /** Set only where the server allows it. */
  readonly ignoresCertificates: boolean;
}

/** What its worker tells of a client. */
export interface ClientStanding {
  /** When its last frame came, by the monotonic clock that all threads share. */
  readonly heardAtMs: number;
  /** Hosts of its open pages, each once, with their ports. */
  readonly hosts: readonly string[];
}
