/**
 * `/events`: once a second, what changes all the time, as server-sent events. Each event is rendered once for all
 * listeners, and only while there are some. Main thread.
 */
import { Readable } from 'node:stream';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import type { Handle } from './route.js';

const EVERY_MS = 1_000;
/** More people than look at one server. The bound keeps a loop of reconnecting clients from holding every socket. */
const LISTENERS_MAX = 100;
/**
 * After that the stream ends and its client asks anew, as every client of events does. A client that has vanished is
 * found out by this.
 */
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
  /** Each listener with the function that takes away the timer of its end. */
  const listeners = new Map<Readable, () => void>();
  let cancel = (): void => {};

  const tick = (): void => {
    // A listener that came after the last one had left has begun a new round. The old round must not go on beside it.
    cancel();
    const event = `data: ${render()}\n\n`;
    for (const listener of listeners.keys()) {
      // A listener that does not read misses events. Keeping them for it would fill the memory.
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
      // nginx would otherwise hold events back until it has a few KB.
      'X-Accel-Buffering': 'no',
      // A connection that is kept for a next request would hold up a server that stops.
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
