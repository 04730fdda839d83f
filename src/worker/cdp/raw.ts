/**
 * Sessions whose frames are not read here, but go on as they came, in the order in which they came: those of clients,
 * and the broker's own. In: frames from the pipe; out: the same to whoever listens on their session. Worker thread.
 */
import { type Calls, isOwnId } from './calls.js';
import { idOf, sessionIdOf } from './peek.js';

/** Whoever listens on a session. Must not throw. */
export interface Sink {
  frame(frame: Buffer): void;
  /** One came that is larger than can be taken: the answer to the command with this id, or an event. */
  giant(id: number | undefined): void;
  /** The session has gone, as the browser as a whole has told. */
  detached(frame: Buffer): void;
}

export interface Raw {
  listen(sessionId: string, sink: Sink): void;
  /** Nobody listens there any more, and nobody will answer. */
  ignore(sessionId: string): void;
  /** False when nobody listens on its session. */
  take(frame: Buffer, sessionId: string): boolean;
  /** By the ends of a frame. False when nobody listens on its session. */
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
