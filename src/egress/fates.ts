/**
 * What became of the latest connection to each host and port, of one exit. Bounded: the oldest is forgotten.
 */
import type { Fate } from '../protocol/egress.js';
import { parseHost } from './host.js';

export interface Fates {
  set(host: string, port: number, fate: Fate): void;
  get(host: string, port: number): Fate | null;
}

const FATES_MAX = 512;

export function createFates(): Fates {
  const fates = new Map<string, Fate>();
  return {
    set(host, port, fate) {
      const key = keyOf(host, port);
      fates.delete(key);
      fates.set(key, fate);
      const [oldest] = fates.keys();
      if (fates.size > FATES_MAX && oldest !== undefined) fates.delete(oldest);
    },
    get: (host, port) => fates.get(keyOf(host, port)) ?? null,
  };
}

/** The same for every spelling of a host. */
function keyOf(host: string, port: number): string {
  return `${parseHost(host)?.text ?? host} ${port}`;
}
