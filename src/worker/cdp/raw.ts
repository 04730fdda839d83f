/**
 * Sessions whose frames are not read here and are handed on as they come, in Chromium's order: those of clients, and
 * the broker's own. In: frames from the pipe; out: the same frames, to those who listen on their sessions. Worker
 * thread.
 */
import { type Calls, isOwnId } from './calls.js';
import { idOf, sessionIdOf } from './peek.js';

/** Listens on a session. Must not throw. */
export interface Sink {
  frame(frame: Buffer): void;
  /** A frame came that is too large to be taken: the answer to the command with this id, or an event. */
  giant(id: number | undefined): void;
  /** The session has gone; the browser as a whole has said so in `frame`. */
  detached(frame: Buffer): void;
}

export interface Raw {
  listen(sessionId: string, sink: Sink): void;
  /** Nobody listens on this session any more, and nobody will answer. */
  ignore(sessionId: string): void;
  /** False when nobody listens on the session. */
  take(frame: Buffer, sessionId: string): boolean;
  /** `ends` are the frame's first and last bytes. False when nobody listens on its session. */
  giant(ends: Buffer): boolean;
  /** False when nobody listened on it. */
  detached(sessionId: string, frame: Buffer): boolean;
  size(): number;
}

export function createRaw(calls: Calls): Raw {
  const sinks = new Map<string, Sink>();
  const ignore = (sessionId: string): void => {
    sinks.delete(sessionId);
    calls.abandon(sessionId);
  };
  return {
    listen: (sessionId, sink) => void sinks.set(sessionId, sink),
    ignore,
    take(frame, sessionId) {
      const sink = sinks.get(sessionId);
      if (!sink) return false;
      if (isOwnId(idOf(frame))) calls.answer(JSON.parse(frame.toString('utf8')));
      else sink.frame(frame);
      return true;
    },
    giant(ends) {
      const sink = sinks.get(sessionIdOf(ends) ?? '');
      sink?.giant(idOf(ends));
      return sink !== undefined;
    },
    detached(sessionId, frame) {
      const sink = sinks.get(sessionId);
      ignore(sessionId);
      sink?.detached(frame);
      return sink !== undefined;
    },
    size: () => sinks.size,
  };
}
