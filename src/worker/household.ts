/**
 * One browser: the contexts of its sessions, and contexts with a blank page that are kept ready for the next. When
 * another browser takes over, this one keeps nothing ready any more, and its sessions finish. Runs in a worker thread.
 */
import type { Clock } from '../clock.js';
import type { ReadyPlan } from '../protocol/setup.js';
import type { Attached } from './attached.js';
import type { Lease, Need, Opened } from './lease.js';
import { createShelf } from './shelf.js';
import type { Tally } from './tally.js';

export interface Household extends Pick<Attached, 'lost' | 'suspect'> {
  /** A fresh context with a page: one that was ready when there is one of the kind, else a new one. */
  lease(need: Need): Promise<Opened>;
  /** Disposes of it. Resolves when it is really gone; never rejects. */
  release(lease: Lease): Promise<void>;
  /** Another browser has taken over. */
  retire(): void;
  /** Nobody has come lately: gives up what is ready. */
  rest(): void;
  readonly attached: Attached;
}

/** A context that is being made, for nobody yet. */
interface Making {
  readonly kind: Need['kind'];
  readonly opening: Promise<Opened>;
}

/** CPUs that a session keeps at work, and a page while it is made. */
const CPUS_EACH = 2;

/** Which pages sessions are likely to ask for. */
export interface Wanted {
  /** That of the last session, because the next is most often like it. */
  kind: Need['kind'];
  /** Whether any are kept ready: only where somebody has come lately. */
  isLikely: boolean;
}

export interface HouseholdOptions {
  readonly attached: Attached;
  readonly tally: Pick<Tally, 'prewarm'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly plan: ReadyPlan;
  /** Called with the number of ready pages, whenever it changes. */
  readonly onReady: (pages: number) => void;
  /** A shard has one for all its browsers. */
  readonly wanted: Wanted;
}

export function createHousehold(options: HouseholdOptions): Household {
  const { attached, tally, clock, plan, onReady, wanted } = options;
  const making = new Set<Making>();
  /** `busy` are sessions with a context of it, or waiting for one. */
  const state = { busy: 0, isRetired: false };
  const shelf = createShelf({ dispose: (lease) => void attached.dispose(lease), onReady, onLoss: () => refill() });

  const isKeeping = (): boolean => wanted.isLikely && !state.isRetired;

  /** A page made for nobody must not compete with those that somebody waits for. */
  const hasRoom = (): boolean => {
    const atWork = state.busy + making.size;
    return atWork === 0 || (atWork + 1) * CPUS_EACH <= plan.cpus;
  };

  const refill = (): void => {
    while (isKeeping() && shelf.size() + making.size < plan.pagesMax && hasRoom()) void make(wanted.kind);
  };

  const make = async (kind: Need['kind']): Promise<void> => {
    const one = { kind, opening: attached.open(kind === 'plain' ? { kind } : { kind, options: null }) };
    making.add(one);
    // The watchdog looks at a browser that cannot open a page, and the next session is told why it has none.
    const opened = await one.opening.catch(() => null);
    const isClaimed = !making.delete(one);
    if (opened && !isClaimed) keep(opened.lease, kind);
  };

  const keep = (lease: Lease, kind: Need['kind']): void => {
    if (kind === wanted.kind && isKeeping()) shelf.put(lease);
    else void attached.dispose(lease);
    // Another kind may be wanted by now; or there was room for one at a time only.
    refill();
  };

  const take = (kind: Need['kind']): Lease | undefined => {
    if (kind !== wanted.kind) {
      wanted.kind = kind;
      shelf.clear();
    }
    return shelf.take();
  };

  /** Hands over a context that is being made. Undefined when it failed: then the session gets one of its own. */
  const claim = async (one: Making): Promise<Opened | undefined> => {
    making.delete(one);
    const startedAtMs = clock.monotonicMs();
    const opened = await one.opening.catch(() => null);
    if (!opened) return undefined;
    if (opened.lease.exit?.lost.hasHappened()) {
      void attached.dispose(opened.lease);
      return undefined;
    }
    return { lease: opened.lease, contextMs: clock.monotonicMs() - startedAtMs, pageMs: 0 };
  };

  const open = async (need: Need): Promise<Opened> => {
    const isAny = need.kind === 'playwright' ? need.options === null : !need.isInsecure;
    const lease = isAny ? take(need.kind) : undefined;
    tally.prewarm(lease ? 'hit' : 'miss');
    if (lease) return { lease, contextMs: 0, pageMs: 0 };
    // The oldest is ready the soonest.
    const one = isAny ? [...making].find(({ kind }) => kind === need.kind) : undefined;
    return (one && (await claim(one))) ?? (await attached.open(need));
  };

  refill();
  return {
    attached,
    lost: attached.lost,
    suspect: attached.suspect,
    async lease(need) {
      state.busy++;
      wanted.isLikely = true;
      try {
        const opening = open(need);
        refill();
        return await opening;
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
    rest: () => shelf.clear(),
    retire() {
      state.isRetired = true;
      shelf.clear();
    },
  };
}
