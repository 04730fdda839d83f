/**
 * A client's WebSocket, and what ends it: its client, who closes it, vanishes, is silent, reads too slowly or sends
 * what cannot be taken. In: frames both ways; out: why it ended, once. Runs in a worker thread.
 */
import type { Clock } from '../../clock.js';
import type { FailureCode } from '../../failures.js';
import type { ClientOptions } from '../../protocol/cdp.js';
import type { Failed } from '../../protocol/job.js';
import type { ClientTally } from '../client-tally.js';
import type { ClientSocket } from './listener.js';

/** Of WebSocket. */
export const CLOSE = { normal: 1000, goingAway: 1001, unreadable: 1007, policy: 1008, tooBig: 1009, internal: 1011 };

const PING_EVERY_MS = 30_000;
/** Pings in a row that nobody has answered. */
const MISSES_MAX = 2;
/** For a client to answer that it has seen the end. */
const CLOSE_LIMIT_MS = 2_000;

/** Why a client's session is over; null: its client has closed it. */
export type Ended = Failed | null;

export interface Peer {
  send(frame: Buffer | string): void;
  /** When its last frame came, by the clock's monotonic ms. */
  heardAtMs(): number;
  /** Idempotent: the first reason is the one. */
  end(code: number, why: Ended): void;
  /** Reads nothing of it until `resume`. */
  pause(): void;
  resume(): void;
}

export interface PeerOptions {
  readonly socket: ClientSocket;
  readonly limits: Pick<ClientOptions, 'maxBufferedBytes' | 'idleMs'>;
  readonly clock: Clock;
  readonly tally: Pick<ClientTally, 'frame'>;
  /** Called in a task of its own. */
  readonly onFrame: (frame: Buffer) => void;
  /** Called once. Nothing comes from it afterwards. */
  readonly onEnd: (why: Ended) => void;
}

export function createPeer({ socket, limits, clock, tally, onFrame, onEnd }: PeerOptions): Peer {
  const state = { isOver: false, misses: 0, heardAtMs: clock.monotonicMs(), largestBytes: 0 };
  let cancelPing = (): void => {};
  let cancelIdle = (): void => {};

  const over = (why: Ended): void => {
    if (state.isOver) return;
    state.isOver = true;
    cancelPing();
    cancelIdle();
    onEnd(why);
  };

  const end = (code: number, why: Ended): void => {
    if (state.isOver) return;
    // At most 123 bytes go into a close frame.
    socket.close(code, why?.message.slice(0, 100) ?? '');
    const cancel = clock.after(CLOSE_LIMIT_MS, () => socket.terminate());
    socket.once('close', cancel);
    over(why);
  };

  /** Nobody is there to be told. */
  const cut = (why: Failed): void => {
    over(why);
    socket.terminate();
  };

  const ping = (): void => {
    if (++state.misses > MISSES_MAX) {
      cut(failed('CLIENT_CLOSED', 'the client does not answer any more'));
    } else {
      socket.ping();
      cancelPing = clock.after(PING_EVERY_MS, ping);
    }
  };

  const lookIdle = (idleMs: number): void => {
    const leftMs = state.heardAtMs + idleMs - clock.monotonicMs();
    if (leftMs > 0) cancelIdle = clock.after(leftMs, () => lookIdle(idleMs));
    else end(CLOSE.goingAway, failed('SESSION_TIMEOUT', `idle: the client has sent nothing for ${idleMs} ms`));
  };

  socket.on('message', (data: Buffer) => {
    state.misses = 0;
    state.heardAtMs = clock.monotonicMs();
    if (state.isOver) return;
    tally.frame('received');
    onFrame(data);
  });
  socket.on('pong', () => {
    state.misses = 0;
  });
  // Of frames that WebSocket does not allow, or that are too large: `ws` says so to the client, and closes.
  socket.on('error', (error: Error & { code?: string }) => {
    if (error.code?.startsWith('WS_ERR_')) over(failed('BAD_REQUEST', error.message));
  });
  socket.on('close', () => over(null));
  cancelPing = clock.after(PING_EVERY_MS, ping);
  if (limits.idleMs !== null) lookIdle(limits.idleMs);

  return {
    send(frame) {
      if (state.isOver) return;
      const { bufferedAmount } = socket;
      if (bufferedAmount === 0) state.largestBytes = 0;
      // A frame that is larger than all that may wait is taken as well, when nothing else waits.
      if (bufferedAmount > limits.maxBufferedBytes + state.largestBytes) {
        cut(failed('SESSION_FAILED', 'the client reads too slowly', 'policy'));
      } else {
        state.largestBytes = Math.max(state.largestBytes, frame.length);
        tally.frame('sent');
        socket.gather();
        socket.send(frame, { binary: false });
      }
    },
    heardAtMs: () => state.heardAtMs,
    end,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}

export function failed(code: FailureCode, message: string, reason?: Failed['reason']): Failed {
  return { isOk: false, code, message, ...(reason ? { reason } : {}) };
}
