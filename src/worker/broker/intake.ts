/**
 * Frames from a client, some at a time. What comes at once goes on to Chromium in one write. But a client that sends
 * many waits after each few, so that it holds up nobody else. Runs in a worker thread.
 */
import type { ClientSocket } from './listener.js';

/** Some tenths of a millisecond. Puppeteer sends a dozen for a new page. */
const FRAMES_A_TURN = 32;

export interface Intake {
  /** Takes no more until `resume`. */
  pause(): void;
  resume(): void;
}

export interface IntakeOptions {
  readonly socket: Pick<ClientSocket, 'on' | 'pause' | 'resume'>;
  readonly onFrame: (frame: Buffer) => void;
}

/** The socket is paused at first. */
export function createIntake({ socket, onFrame }: IntakeOptions): Intake {
  /** Frames of one chunk may still come while the socket is paused. */
  const waiting: Buffer[] = [];
  const state = { taken: 0, isHeld: true };

  const take = (frame: Buffer): void => {
    if (state.taken++ === 0) setImmediate(turn);
    onFrame(frame);
  };

  const turn = (): void => {
    state.taken = 0;
    const wasBehind = waiting.length > 0;
    while (waiting.length > 0 && !state.isHeld && state.taken < FRAMES_A_TURN) take(waiting.shift() as Buffer);
    if (wasBehind && waiting.length === 0 && !state.isHeld) socket.resume();
  };

  socket.on('message', (frame: Buffer) => {
    if (waiting.length === 0 && !state.isHeld && state.taken < FRAMES_A_TURN) return take(frame);
    waiting.push(frame);
    socket.pause();
  });

  return {
    pause() {
      state.isHeld = true;
      socket.pause();
    },
    resume() {
      state.isHeld = false;
      if (waiting.length === 0) socket.resume();
      // A turn that is due takes them.
      else if (state.taken === 0) turn();
    },
  };
}
