/**
 * `/events`: once a second, what changes all the time, as server-sent events. Rendered once for all who listen, and
 * only while somebody does. Main thread.
 */
import { Readable } from 'node:stream';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import type { Handle } from './route.js';

const EVERY_MS = 1_000;
/** More than people look at one server; a bound, so that a loop of reconnecting clients cannot hold every socket. */
const LISTENERS_MAX = 100;
/** Then its client asks anew, as every client of events does; one that is not there any more is found out by that. */
const LISTENING_MS_MAX = 600_000;

export interface EventsOptions {
  readonly clock: Clock;
  /** The event's data as JSON, on one line. */
  readonly render: () => string;
}

export interface Events {
  readonly handle: Handle;
  /** Ends all streams: the server stops. */
  close(): void;
}

export function createEvents({ clock, render }: EventsOptions): Events {
  /** Each with what takes its end away. */
  const listeners = new Map<Readable, () => void>();
  let cancel = (): void => {};

  const tick = (): void => {
    // Who came after the last had left has begun a new round; the one before it must not go on beside it.
    cancel();
    const event = `data: ${render()}\n\n`;
    for (const listener of listeners.keys()) {
      // One that does not read misses events rather than gathers them.
      if (listener.readableLength === 0) listener.push(event);
    }
    cancel = listeners.size > 0 ? clock.after(EVERY_MS, tick) : () => {};
  };

  const handle: Handle = ({ signal }) => {
    if (listeners.size >= LISTENERS_MAX) {
      throw new ServiceError('TOO_MANY_LISTENERS', `${LISTENERS_MAX} clients listen already`);
    }
    const stream = new Readable({ read() {} });
    const leave = (): void => {
      listeners.get(stream)?.();
      listeners.delete(stream);
    };
    listeners.set(
      stream,
      clock.after(LISTENING_MS_MAX, () => {
        leave();
        stream.push(null);
      }),
    );
    signal.onabort = () => {
      leave();
      stream.destroy();
    };
    if (listeners.size === 1) tick();
    else stream.push(`data: ${render()}\n\n`);
    const headers = {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // nginx would gather events until it has a few KB of them.
      'X-Accel-Buffering': 'no',
      // Kept for a next request, the connection would hold up a server that stops.
      Connection: 'close',
    };
    return { status: 200, headers, chunks: [], stream };
  };

  return {
    handle,
    close() {
      cancel();
      for (const [listener, cancelEnd] of listeners) {
        cancelEnd();
        listener.push(null);
      }
      listeners.clear();
    },
  };
}
