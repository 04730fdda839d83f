/**
 * A session of a client over WebSocket, as a worker is given it. Main checks and admits the client's upgrade, gives the
 * job to a worker, and is told the path of a Unix socket. It connects there, writes an upgrade request of its own with
 * the ticket, and moves bytes. Pure types, and the name of the header.
 */
import type { ClientProxy } from './egress.js';

/** Of the upgrade request that main makes. */
export const TICKET_HEADER = 'x-headcount-ticket';

export interface CdpJob {
  readonly kind: 'cdp';
  readonly body: {
    /** Opens one connection, once; nobody else can guess it. */
    readonly ticket: string;
    readonly options: ClientOptions;
  };
}

/** Checked; what a client may have by the server's settings, and what it has asked for. */
export interface ClientOptions {
  /** Of one message of the client's. */
  readonly maxPayloadBytes: number;
  /** What waits for a client that does not read. */
  readonly maxBufferedBytes: number;
  /** The client may send nothing for so long; null: for as long as it likes. */
  readonly idleMs: number | null;
  readonly allowsClientProxy: boolean;
  readonly allowsInsecureCerts: boolean;
  /** Its way out, in all of its contexts that have no other; null: ours. */
  readonly proxy: ClientProxy | null;
  readonly emulation: Emulation;
}

/** Of each of its pages; null: as the browser has it. */
export interface Emulation {
  /** CSS pixels. */
  readonly windowSize: { readonly width: number; readonly height: number } | null;
  readonly userAgent: string | null;
  /** As `Accept-Language` has it: `de-AT,de`. */
  readonly language: string | null;
  readonly timezone: string | null;
  /** Only where the server allows it. */
  readonly ignoresCertificates: boolean;
}

/** How a client does, as its worker tells. */
export interface ClientStanding {
  /** Its last frame came, by the monotonic clock that all threads share. */
  readonly heardAtMs: number;
  /** Of its open pages, each once, with their ports. */
  readonly hosts: readonly string[];
}
