/**
 * All exits, and what they share: the settings, the server's own listeners, the counts. Egress thread.
 */
import type { Clock } from '../clock.js';
import type { ClientProxy, EgressSetup, Fate } from '../protocol/egress.js';
import { EXIT_COUNT_MAX, openUsage } from '../protocol/usage.js';
import { type Exit, openExit } from './exit.js';
import { refuse } from './failure.js';
import { createHostsFile } from './hosts-file.js';
import { createOwnListeners } from './own-listeners.js';
import { createPolicy } from './policy.js';
import { clientsWays, operatorsWays, parseClientProxy, type Ways } from './proxies.js';
import { createTraffic, type EgressRecord } from './record.js';
import type { Request } from './request.js';
import { createResolver } from './resolver.js';

export interface EgressOptions {
  readonly setup: Omit<EgressSetup, 'books'>;
  readonly record: EgressRecord;
  readonly clock: Clock;
  /** Name servers instead of the system's, each as `address:port`. */
  readonly servers?: readonly string[];
  readonly hostsPath?: string;
}

/** Told of what happens to an exit. */
export interface Ears {
  /** What became of a connection through the exit. Told before Chromium is. */
  onFate(exit: number, to: Request, fate: Fate): void;
  /** The exit has used up its bytes. */
  onOver(exit: number): void;
}

export interface Egress {
  /** Rejects when there are too many exits, or no port is left. */
  open(ears: Ears): Promise<{ readonly exit: number; readonly port: number }>;
  /** Does nothing when the exit is not open. */
  close(exit: number): void;
  setProxy(exit: number, proxy: ClientProxy): void;
  setListeners(ports: readonly number[]): void;
}

/** @throws {Error} when the settings were not checked before. */
export function createEgress({ setup, record, clock, servers, hostsPath }: EgressOptions): Egress {
  const usage = openUsage(setup.usage);
  const policy = createPolicy(setup);
  const operators = operatorsWays(setup.proxies);
  const own = createOwnListeners();
  const hostsFile = createHostsFile(hostsPath);
  const traffic = createTraffic(record, clock);
  const exits = new Map<number, Exit>();
  const rowsTaken = new Set<number>();
  let lastId = usage.lastExitId();

  const takeId = (): number => {
    if (rowsTaken.size >= EXIT_COUNT_MAX) throw new Error(`${EXIT_COUNT_MAX} exits are open`);
    do lastId++;
    while (rowsTaken.has(lastId % EXIT_COUNT_MAX));
    rowsTaken.add(lastId % EXIT_COUNT_MAX);
    usage.begin(lastId);
    return lastId;
  };

  return {
    async open(ears) {
      const id = takeId();
      try {
        const resolver = createResolver({ hostsFile, clock, ...(servers ? { servers } : {}) });
        const exit = await openExit({
          connector: { policy, own, resolver, clock, authorities: setup.authorities ?? [] },
          ways: operators,
          traffic,
          clock,
          bytesMax: setup.maxSessionBytes,
          onBytes: (bytes) => usage.add(id, bytes),
          onFate: (to, fate) => ears.onFate(id, to, fate),
          onOver: () => ears.onOver(id),
        });
        exits.set(id, exit);
        return { exit: id, port: exit.port };
      } catch (error) {
        rowsTaken.delete(id % EXIT_COUNT_MAX);
        throw error;
      }
    },
    close(id) {
      const exit = exits.get(id);
      if (!exit) return;
      exits.delete(id);
      rowsTaken.delete(id % EXIT_COUNT_MAX);
      exit.close();
    },
    setProxy: (id, proxy) => exits.get(id)?.setWays(waysOf(proxy, operators)),
    setListeners: (ports) => own.setPorts(ports),
  };
}

/** A client's proxy that cannot be read gives no way out. To ignore it would send pages past a proxy that they need. */
function waysOf(wish: ClientProxy, operators: Ways): Ways {
  const parsed = parseClientProxy(wish);
  if (parsed.kind === 'proxy') return clientsWays(parsed.proxy, wish.bypass ?? '', operators);
  return {
    proxyFor() {
      throw refuse('proxy', parsed.message);
    },
  };
}
