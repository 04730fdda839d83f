/**
 * Contexts with a blank page that are kept ready. One that is of no use any more, because its page has died or its exit
 * is lost, is thrown away. Runs in a worker thread.
 */
import type { Lease } from './lease.js';

export interface Shelf {
  put(lease: Lease): void;
  /** The youngest: its renderer is what the CPU's caches still know. */
  take(): Lease | undefined;
  clear(): void;
  size(): number;
}

/** Kept ready. */
interface Ready {
  readonly lease: Lease;
  /** It is kept no more: nothing of it is left with the thread that serves its exit, which outlives it. */
  readonly forget: () => void;
}

export interface ShelfOptions {
  readonly dispose: (lease: Lease) => void;
  /** Told how many there are, whenever that changes. */
  readonly onReady: (pages: number) => void;
  /** One had to be thrown away. */
  readonly onLoss: () => void;
}

export function createShelf({ dispose, onReady, onLoss }: ShelfOptions): Shelf {
  const ready: Ready[] = [];

  /** False when it was not a ready one. */
  const discard = (lease: Lease): boolean => {
    const at = ready.findIndex((one) => one.lease === lease);
    if (at === -1) return false;
    ready.splice(at, 1)[0]?.forget();
    onReady(ready.length);
    dispose(lease);
    return true;
  };

  return {
    put(lease) {
      const replace = (): void => {
        if (discard(lease)) onLoss();
      };
      const offs: (() => void)[] = [];
      ready.push({ lease, forget: () => offs.pop()?.() });
      onReady(ready.length);
      if (lease.exit) offs.push(lease.exit.lost.on(replace));
      lease.crashed.on(replace);
    },
    take() {
      const youngest = ready.pop();
      if (!youngest) return undefined;
      youngest.forget();
      onReady(ready.length);
      return youngest.lease;
    },
    clear() {
      for (const { lease } of [...ready]) discard(lease);
    },
    size: () => ready.length,
  };
}
