/**
 * Who waits. Those who need the same resource are served in the order in which they came. Each resource has a line of
 * its own, so a session that cannot start never holds up one that can. Pure.
 */
import type { Resource } from '../protocol/session.js';

export interface Waiting {
  readonly run: { readonly resource: Resource };
  /** Its number in the order of arrival; each later one has a higher number. */
  readonly arrival: number;
}

export interface Line<T extends Waiting> {
  add(one: T): void;
  /** Takes one out, from the middle too, in constant time. */
  delete(one: T): void;
  readonly size: number;
  /** All that wait; between resources there is no order. */
  all(): T[];
  /** The one that has waited longest, among those whose resource passes `isRight`. */
  first(isRight?: (resource: Resource) => boolean): T | undefined;
  /** Whether somebody waits for this resource. */
  has(resource: Resource): boolean;
}

export function createLine<T extends Waiting>(): Line<T> {
  // A Set keeps the order of arrival. A resource for which nobody waits has no Set.
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
