/**
 * What became of the latest connection to each host and port, for one exit. Bounded: the oldest is forgotten. Pure.
 * Workers keep it, because they need the answer the moment that Chromium tells of a connection.
 */
import type { Fate } from '../protocol/egress.js';
import { parseHost } from './host.js';

export interface Fates {
  /** `host` as it is in a URL or as it was asked for, with or without the brackets of IPv6. */
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

/** The key is the same for every spelling of a host. */
function keyOf(host: string, port: number): string {
  return `${parseHost(host)?.text ?? plainText(host)} ${port}`;
}

/** For text that is no host. Chromium writes `%2A` in requests for the star in its URLs. */
function plainText(raw: string): string {
  const url = `http://${raw}/`;
  return URL.canParse(url) ? new URL(url).hostname : raw;
}
