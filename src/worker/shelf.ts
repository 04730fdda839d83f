/**
 * Contexts with a blank page that are kept ready. One whose page has died, or whose exit is lost, is thrown away. Runs
 * in a worker thread.
 */
import type { Lease } from './lease.js';

export interface Shelf {
  put(lease: Lease): void;
  /** Takes the youngest, because the CPU's caches still know its renderer. */
  take(): Lease | undefined;
  clear(): void;
  size(): number;
}

/** A context on the shelf. */
interface Ready {
  readonly lease: Lease;
  /** Takes its listeners away: the thread that serves its exit outlives it and must not hold it. */
  readonly forget: () => void;
}

export interface ShelfOptions {
  readonly dispose: (lease: Lease) => void;
  /** Called with how many there are, whenever that changes. */
  readonly onReady: (pages: number) => void;
  /** Called when one had to be thrown away. */
  readonly onLoss: () => void;
}

export function createShelf({ dispose, onReady, onLoss }: ShelfOptions): Shelf {
  const ready: Ready[] = [];

  /** False when it was not on the shelf. */
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
