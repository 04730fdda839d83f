/**
 * What http and the tunnel know of a client over WebSocket. Pure types.
 */
import type { Socket } from 'node:net';
import type { ClientOptions } from './cdp.js';
import type { Run, SessionLimits } from './session.js';

/** A client whose upgrade request was checked and not answered yet. */
export interface Caller {
  readonly socket: Socket;
  /** `Sec-WebSocket-Key`, from which the answer is made. */
  readonly key: string;
  /** What it has sent since its request. Called once, by whoever reads from the socket from then on. */
  takeEarly(): Buffer;
  /** Called once: somebody else has begun to answer the client. */
  onAnswered(): void;
}

/** How a session of this client is run, with the options that it has. */
export type TunnelOf = (caller: Caller, options: ClientOptions, limits: SessionLimits) => Run;
