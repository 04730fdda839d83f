/**
 * Waiting with an end. What is waited for (a call, a page, a browser) may live much longer than whoever waits, or never
 * settle. So a wait subscribes to what may end it, and unsubscribes when it is over. A race of promises cannot do that:
 * the loser stays among the reactions of what lives on, with all that it holds. This is the one place in `src/` that
 * may race promises (`test/layout.test.ts`), and it does not. Any thread.
 */
import type { Clock } from './clock.js';

/** What may end a wait: something that happens, once or again and again. */
export interface End {
  /**
   * Calls `listener` when it happens; at once when it has happened and cannot again. The returned function
   * unsubscribes.
   */
  on(listener: () => void): () => void;
}

/** Something that happens at most once. */
export interface Once extends End {
  happen(): void;
  hasHappened(): boolean;
  /** How many wait for it now: 0 as soon as nobody does, however many have waited. */
  listenerCount(): number;
}

export function createOnce(): Once {
  const listeners = new Set<() => void>();
  let hasHappened = false;
  return {
    on(listener) {
      if (hasHappened) {
        listener();
        return () => {};
      }
      return listen(listeners, listener);
    },
    happen() {
      hasHappened = true;
      call(listeners);
      listeners.clear();
    },
    hasHappened: () => hasHappened,
    listenerCount: () => listeners.size,
  };
}

/** Something that happens again and again. Subscribers hear only of what comes after they subscribed. */
interface Recurring extends End {
  happen(): void;
  listenerCount(): number;
}

export function createRecurring(): Recurring {
  const listeners = new Set<() => void>();
  return {
    on: (listener) => listen(listeners, listener),
    happen: () => call(listeners),
    listenerCount: () => listeners.size,
  };
}

/** Happens when the time is up. */
export function limit(clock: Clock, ms: number): End {
  return { on: (listener) => clock.after(ms, listener) };
}

/** What ends a wait, and what the wait returns then; `say` may throw instead. */
export type Ending<T> = readonly [end: End, say: () => T];

/**
 * Settles as `work` does, or as the first of `endings` says, whichever comes first. With `work` null only the endings
 * can. Afterwards nothing of the wait is left at any of them, and nobody hears what `work` does then.
 */
export function waitFor<T, E>(work: Promise<T> | null, ...endings: readonly Ending<E>[]): Promise<T | E> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const offs: (() => void)[] = [];
    const over = (): void => {
      isOver = true;
      for (const off of offs.splice(0)) off();
    };
    for (const [end, say] of endings) {
      const off = end.on(() => {
        if (isOver) return;
        over();
        try {
          resolve(say());
        } catch (error) {
          reject(error);
        }
      });
      if (isOver) off();
      else offs.push(off);
    }
    work?.then(
      (value) => {
        over();
        resolve(value);
      },
      (error: unknown) => {
        over();
        reject(error);
      },
    );
  });
}

/** Whether `work` resolves within `ms`. Rejects when `work` does. */
export function isWithin(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  return waitFor(
    work.then(() => true),
    [limit(clock, ms), () => false],
  );
}

function listen(listeners: Set<() => void>, listener: () => void): () => void {
  // One of its own for each call, because the same function may wait twice.
  const own = (): void => listener();
  listeners.add(own);
  return () => {
    listeners.delete(own);
  };
}

/** Calls a copy, because a listener may remove itself or others. */
function call(listeners: ReadonlySet<() => void>): void {
  for (const listener of [...listeners]) listener();
}
