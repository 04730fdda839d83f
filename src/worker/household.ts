/**
 * A browser, the contexts of sessions in it, and contexts with a blank page kept ready for the next. When another
 * browser takes over, it keeps nothing ready any more, and its sessions finish. Runs in a worker thread.
 */
import type { Attached } from './attached.js';
import type { Lease, Need, Opened } from './lease.js';
import type { Tally } from './tally.js';

export interface Household extends Pick<Attached, 'lost' | 'suspect'> {
  /** A fresh context with a page: one that was ready when there is one of the kind, else a new one. */
  lease(need: Need): Promise<Opened>;
  /** Disposes of it. Resolves when it is really gone; never rejects. */
  release(lease: Lease): Promise<void>;
  /** Another has taken over. */
  retire(): void;
  readonly attached: Attached;
}

/** Kept ready. */
interface Ready {
  readonly lease: Lease;
  /** It is kept no more: nothing of it is left with the thread that serves its exit, which outlives it. */
  readonly forget: () => void;
}

export interface HouseholdOptions {
  readonly attached: Attached;
  readonly tally: Pick<Tally, 'prewarm'>;
  /** Pages kept ready. */
  readonly prewarm: number;
  /** Told how many are, whenever that changes. */
  readonly onReady: (pages: number) => void;
  /** What is kept ready is what the last session took: the next is most often like it. Shared by all of a shard. */
  readonly wanted: { kind: Need['kind'] };
}

export function createHousehold({ attached, tally, prewarm, onReady, wanted }: HouseholdOptions): Household {
  const ready: Ready[] = [];
  /** `pending` are being made, to be kept ready; `busy` are sessions with a context of it, or waiting for one. */
  const state = { pending: 0, busy: 0, isRetired: false };

  const refill = (): void => {
    const { kind } = wanted;
    while (!state.isRetired && ready.length + state.pending < prewarm) {
      state.pending++;
      const opening = attached.open(kind === 'plain' ? { kind } : { kind, options: null });
      opening.then(
        ({ lease }) => {
          state.pending--;
          keep(lease, kind);
        },
        // A browser that cannot open a page is looked at by its watchdog; the next session is told why it has none.
        () => state.pending--,
      );
    }
  };

  const keep = (lease: Lease, kind: Need['kind']): void => {
    if (kind !== wanted.kind || state.isRetired) {
      void attached.dispose(lease);
      // Wanted was another meanwhile, and this one was in its place.
      refill();
      return;
    }
    const replace = (): void => {
      if (discard(lease)) refill();
    };
    const offs: (() => void)[] = [];
    ready.push({ lease, forget: () => offs.pop()?.() });
    onReady(ready.length);
    if (lease.exit) offs.push(lease.exit.lost.on(replace));
    lease.crashed.on(replace);
  };

  /** False when it was not a ready one. */
  const discard = (lease: Lease): boolean => {
    const at = ready.findIndex((one) => one.lease === lease);
    if (at === -1) return false;
    ready.splice(at, 1)[0]?.forget();
    onReady(ready.length);
    void attached.dispose(lease);
    return true;
  };

  const take = (need: Need): Lease | undefined => {
    if (need.kind === 'playwright' ? need.options !== null : need.isInsecure) return undefined;
    if (need.kind !== wanted.kind) {
      wanted.kind = need.kind;
      for (const { lease } of [...ready]) discard(lease);
    }
    // The youngest: its renderer is what the CPU's caches still know.
    const youngest = ready.pop();
    if (!youngest) return undefined;
    youngest.forget();
    onReady(ready.length);
    return youngest.lease;
  };

  refill();
  return {
    attached,
    lost: attached.lost,
    suspect: attached.suspect,
    async lease(need) {
      const lease = take(need);
      tally.prewarm(lease ? 'hit' : 'miss');
      state.busy++;
      try {
        // One that is alone has the CPU for itself: the next one's page is made when it has its answer.
        if (state.busy > 1) refill();
        return lease ? { lease, contextMs: 0, pageMs: 0 } : await attached.open(need);
      } catch (error) {
        state.busy--;
        throw error;
      }
    },
    async release(lease) {
      state.busy--;
      refill();
      await attached.dispose(lease);
    },
    retire() {
      state.isRetired = true;
      for (const { lease } of [...ready]) discard(lease);
    },
  };
}
