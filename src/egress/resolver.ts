/**
 * Names to addresses, for one exit. Each name is asked for once, of the system's name servers and without search
 * domains. By c-ares, because getaddrinfo would hold up a thread of Node.js's pool for each name. Answers are kept as
 * long as the exit.
 */
import { Resolver as DnsResolver } from 'node:dns/promises';
import type { Clock } from '../clock.js';
import { createOnce, type End, waitFor } from '../wait.js';
import { type Address, parseAddress } from './addresses.js';
import { refuse } from './failure.js';
import type { HostsFile } from './hosts-file.js';

export interface ResolverOptions {
  readonly hostsFile: HostsFile;
  /** `address:port` each. Not given: the system's. */
  readonly servers?: readonly string[];
  readonly clock: Clock;
}

export interface Resolver {
  /** All addresses of the name, of both kinds. Rejects with a `RefusedError` when there is none. */
  resolve(name: string): Promise<readonly Address[]>;
  /** The addresses that this machine knows without asking a server; perhaps none. */
  known(name: string): Promise<readonly Address[]>;
  /** The addresses did not answer, so the next call of `resolve` asks for the name anew. */
  forget(name: string): void;
  /** Gives up all questions that are under way. */
  close(): void;
}

const TIMEOUT_MS = 2_000;
const TRIES = 3;
/** When one kind of addresses is there, the other is waited for this long: some servers never answer for IPv6. */
const OTHER_KIND_MS = 1_000;
const NAMES_MAX = 1_024;

export function createResolver({ hostsFile, servers, clock }: ResolverOptions): Resolver {
  // Made when the exit first asks, because reading the system's settings takes time. It remembers nothing itself.
  let dns: DnsResolver | null = null;
  const names = new Map<string, Promise<readonly Address[]>>();

  const ask = async (name: string): Promise<readonly Address[]> => {
    const known = await hostsFile.lookup(name);
    if (known.length > 0) return known;
    dns ??= openDns(servers);
    return await askServers(dns, name, clock);
  };

  return {
    resolve(name) {
      const before = names.get(name);
      if (before) return before;
      const answer = ask(name);
      names.set(name, answer);
      answer.catch(() => {
        if (names.get(name) === answer) names.delete(name);
      });
      const [oldest] = names.keys();
      if (names.size > NAMES_MAX && oldest !== undefined) names.delete(oldest);
      return answer;
    },
    known: (name) => hostsFile.lookup(name),
    forget: (name) => void names.delete(name),
    close: () => dns?.cancel(),
  };
}

function openDns(servers: readonly string[] | undefined): DnsResolver {
  const dns = new DnsResolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers) dns.setServers(servers);
  return dns;
}

async function askServers(dns: DnsResolver, name: string, clock: Clock): Promise<readonly Address[]> {
  const found: (readonly Address[])[] = [[], []];
  const codes: string[] = [];
  const isOneThere = createOnce();
  const one = async (place: number, answer: Promise<string[]>): Promise<void> => {
    try {
      found[place] = (await answer).flatMap((text) => parseAddress(text) ?? []);
      if (found[place].length > 0) isOneThere.happen();
    } catch (error) {
      codes.push((error as NodeJS.ErrnoException).code ?? String(error));
    }
  };
  const both = Promise.all([one(0, dns.resolve6(name)), one(1, dns.resolve4(name))]);
  const late: End = {
    on(listener) {
      let cancel = (): void => {};
      const off = isOneThere.on(() => {
        cancel = clock.after(OTHER_KIND_MS, listener);
      });
      return () => {
        off();
        cancel();
      };
    },
  };
  await waitFor<unknown, void>(both, [late, () => {}]);
  const addresses = alternating(found[0] ?? [], found[1] ?? []);
  if (addresses.length === 0)
    throw refuse('name', `${name} has no address: ${[...new Set(codes)].join(', ') || 'ENODATA'}`);
  return addresses;
}

/** IPv6 first, then in turns, as Chromium tries them. */
function alternating(first: readonly Address[], second: readonly Address[]): readonly Address[] {
  return Array.from({ length: Math.max(first.length, second.length) }).flatMap((_, index) =>
    [first[index], second[index]].flatMap((address) => address ?? []),
  );
}
