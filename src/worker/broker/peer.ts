/**
 * A client's WebSocket, and what ends it. A client may close it, vanish, be silent for too long, read too slowly, or
 * send what cannot be taken. In: frames both ways; out: why it ended, once. Runs in a worker thread.
 */
import type { Clock } from '../../clock.js';
import type { FailureCode } from '../../failures.js';
import type { ClientOptions } from '../../protocol/cdp.js';
import type { Failed } from '../../protocol/job.js';
import type { ClientTally } from '../client-tally.js';
import { createIntake } from './intake.js';
import type { ClientSocket } from './listener.js';

/** Close codes of WebSocket. */
export const CLOSE = { normal: 1000, goingAway: 1001, unreadable: 1007, policy: 1008, tooBig: 1009, internal: 1011 };

const PING_EVERY_MS = 30_000;
/** So many pings in a row without an answer end a client. */
const MISSES_MAX = 2;
/** ms that a client has to answer a close frame. */
const CLOSE_LIMIT_MS = 2_000;

/** Why a client's session is over. Null: the client has closed it. */
export type Ended = Failed | null;

export interface Peer {
  send(frame: Buffer | string): void;
  /** When the client's last frame came, in the clock's monotonic ms. */
  heardAtMs(): number;
  /** Idempotent: the first reason counts. */
  end(code: number, why: Ended): void;
  /** Stops reading until `resume`. */
  pause(): void;
  resume(): void;
}

export interface PeerOptions {
  readonly socket: ClientSocket;
  readonly limits: Pick<ClientOptions, 'maxBufferedBytes' | 'idleMs'>;
  readonly clock: Clock;
  readonly tally: Pick<ClientTally, 'frame'>;
  /** Called with each frame, none before `resume`. */
  readonly onFrame: (frame: Buffer) => void;
  /** Called once. No frame comes afterwards. */
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
    // A close frame has room for 123 bytes.
    socket.close(code, why?.message.slice(0, 100) ?? '');
    const cancel = clock.after(CLOSE_LIMIT_MS, () => socket.terminate());
    socket.once('close', cancel);
    over(why);
  };

  /** Ends it without a close frame, because nobody is left to read one. */
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

  const { pause, resume } = createIntake({
    socket,
    onFrame(frame) {
      state.misses = 0;
      state.heardAtMs = clock.monotonicMs();
      if (state.isOver) return;
      tally.frame('received');
      onFrame(frame);
    },
  });
  socket.on('pong', () => {
    state.misses = 0;
  });
  // A frame was too large, or not allowed by WebSocket. `ws` tells the client so, and closes.
  socket.on('error', (error: Error & { code?: string }) => {
    const isTooLarge = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
    const message = isTooLarge ? 'a message is larger than MAX_MESSAGE_SIZE' : error.message;
    if (error.code?.startsWith('WS_ERR_')) over(failed('BAD_REQUEST', message));
  });
  socket.on('close', () => over(null));
  cancelPing = clock.after(PING_EVERY_MS, ping);
  if (limits.idleMs !== null) lookIdle(limits.idleMs);

  return {
    send(frame) {
      if (state.isOver) return;
      const { bufferedAmount } = socket;
      if (bufferedAmount === 0) state.largestBytes = 0;
      // A frame above the limit is taken when nothing else waits, or it could never be sent.
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
    pause,
    resume,
  };
}

export function failed(code: FailureCode, message: string, reason?: Failed['reason']): Failed {
  return { isOk: false, code, message, ...(reason ? { reason } : {}) };
}
