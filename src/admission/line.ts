/**
 * Who waits: first come, first served among those who need the same resource, so that whoever cannot be started never
 * holds up who can. Pure.
 */
import type { Resource } from '../protocol/session.js';

export interface Waiting {
  readonly run: { readonly resource: Resource };
  /** Grows with each that comes. */
  readonly arrival: number;
}

export interface Line<T extends Waiting> {
  add(one: T): void;
  /** Also from the middle, at no cost. */
  delete(one: T): void;
  readonly size: number;
  /** Of all, in no order between resources. */
  all(): T[];
  /** The one that has waited longest, of those whose resource is what it should be. */
  first(isRight?: (resource: Resource) => boolean): T | undefined;
  /** Whether somebody waits for it. */
  has(resource: Resource): boolean;
}

export function createLine<T extends Waiting>(): Line<T> {
  // Sets keep the order of arrival. A resource that nobody waits for is not held.
  const byResource = new Map<Resource, Set<T>>();
  let size = 0;
  return {
    add(one) {
      const { resource } = one.run;
      const others = byResource.get(resource) ?? new Set();
      byResource.set(resource, others.add(one));
      size++;
    },
    delete(one) {
      const { resource } = one.run;
      const others = byResource.get(resource);
      if (!others?.delete(one)) return;
      size--;
      if (others.size === 0) byResource.delete(resource);
    },
    get size() {
      return size;
    },
    all: () => [...byResource.values()].flatMap((waiting) => [...waiting]),
    first(isRight = () => true) {
      let best: T | undefined;
      for (const [resource, [head]] of byResource) {
        if (head && (!best || head.arrival < best.arrival) && isRight(resource)) best = head;
      }
      return best;
    },
    has: (resource) => byResource.has(resource),
  };
}
