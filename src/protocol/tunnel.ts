/**
 * What http and the tunnel have of a client over WebSocket. Pure types.
 */
import type { Socket } from 'node:net';
import type { ClientOptions } from './cdp.js';
import type { Run, SessionLimits } from './session.js';

/** A client whose upgrade request has been checked, and that nobody has answered yet. */
export interface Caller {
  readonly socket: Socket;
  /** `Sec-WebSocket-Key`, of which the answer is made. */
  readonly key: string;
  /** What it has sent since its request. Called once, by whoever reads from the socket from then on. */
  takeEarly(): Buffer;
  /** Called once: its answer has begun, and is somebody else's. */
  onAnswered(): void;
}

/** How a session of this client is run, with what it may have. */
export type TunnelOf = (caller: Caller, options: ClientOptions, limits: SessionLimits) => Run;
