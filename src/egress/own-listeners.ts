/**
 * The server's own listeners, exits included. No session may reach them under any policy: the server takes whoever
 * comes from loopback for its owner. Egress thread.
 */
import { networkInterfaces } from 'node:os';
import { type Address, formsOf, isIn, parseAddress, rangeOf } from './addresses.js';

export interface OwnListeners {
  /** Replaces the server's ports. The exits' ports are kept apart. */
  setPorts(ports: readonly number[]): void;
  addExit(port: number): void;
  removeExit(port: number): void;
  isOwnPort(port: number): boolean;
  /** Whether this is one of our ports, at an address of this machine. */
  isOwn(address: Address, port: number): boolean;
}

/** `addressesOf` gives the machine's addresses at that moment. */
export function createOwnListeners(addressesOf: () => readonly string[] = machineAddresses): OwnListeners {
  let ports: ReadonlySet<number> = new Set();
  const exits = new Set<number>();
  const isOwnPort = (port: number): boolean => ports.has(port) || exits.has(port);
  return {
    setPorts(all) {
      ports = new Set(all);
    },
    addExit: (port) => void exits.add(port),
    removeExit: (port) => void exits.delete(port),
    isOwnPort,
    isOwn(address, port) {
      // Addresses of the machine come and go, so it is asked each time. That is seldom, because few ports are ours.
      return isOwnPort(port) && isOfMachine(address, addressesOf());
    },
  };
}

/** All of them mean the machine itself; `::` and `::1` do by what they carry. */
const LOOPBACK = [rangeOf('0.0.0.0/8'), rangeOf('127.0.0.0/8')];

/** Whether it is an address of loopback. The machine is not asked. */
export function isLoopback(address: Address): boolean {
  return formsOf(address).some((form) => LOOPBACK.some((range) => isIn(form, range)));
}

function isOfMachine(address: Address, machine: readonly string[]): boolean {
  if (isLoopback(address)) return true;
  const texts = new Set(machine.map((text) => parseAddress(text)?.toString()));
  return formsOf(address).some((form) => texts.has(form.toString()));
}

function machineAddresses(): readonly string[] {
  // Link-local addresses of IPv6 come with their zone.
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address.split('%')[0] ?? ''),
  );
}
