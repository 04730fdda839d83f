/**
 * Lists of destinations as administrators and clients write them: NETWORK_ALLOW, NETWORK_DENY, NO_PROXY, a proxy's
 * bypass. In: text, once; out: rules, against which hosts are held. Pure.
 *
 * An entry is `name`, `*.name` or `.name` (all names below, not the name itself), `*`, `<local>` (names without a dot),
 * an address or `address/bits`. It may end in `:port` or `:from-to`; IPv6 is in brackets then. A port may also stand
 * alone.
 */
import { type Address, isIn, parseAddress, parseRange, type Range } from './addresses.js';
import { parseHost } from './host.js';

export interface Rule {
  /** As it was written. */
  readonly text: string;
  readonly hosts: Hosts;
  readonly ports: Ports | null;
}

type Hosts =
  | { readonly kind: 'all' }
  | { readonly kind: 'local' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'below'; readonly name: string }
  | { readonly kind: 'range'; readonly range: Range };

interface Ports {
  readonly from: number;
  readonly to: number;
}

export type Parsed =
  | { readonly kind: 'rules'; readonly rules: readonly Rule[] }
  /** For whoever wrote it; the message names the entry. */
  | { readonly kind: 'error'; readonly message: string };

/** Entries are separated by commas or spaces. */
export function parseRules(text: string): Parsed {
  const rules: Rule[] = [];
  for (const entry of text.split(/[\s,]+/).filter(Boolean)) {
    const rule = parseRule(entry);
    if (!rule) return { kind: 'error', message: `'${entry}' is no name, *.name, address, address/bits or :port` };
    rules.push(rule);
  }
  return { kind: 'rules', rules };
}

/** The rules of a text that may hold anything. Entries that cannot be read are skipped. */
export function readableRules(text: string): readonly Rule[] {
  return text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .flatMap((entry) => parseRule(entry) ?? []);
}

/** The first rule that fits this name or address, and this port. */
export function findRule(rules: readonly Rule[], host: string | Address, port: number): Rule | undefined {
  return rules.find(({ hosts, ports }) => (!ports || (port >= ports.from && port <= ports.to)) && isMeant(hosts, host));
}

function isMeant(hosts: Hosts, host: string | Address): boolean {
  switch (hosts.kind) {
    case 'all':
      return true;
    case 'local':
      return typeof host === 'string' && !host.includes('.');
    case 'name':
      return host === hosts.name;
    case 'below':
      return typeof host === 'string' && host.endsWith(`.${hosts.name}`);
    case 'range':
      return typeof host !== 'string' && isIn(host, hosts.range);
  }
}

function parseRule(text: string): Rule | null {
  const split = splitPorts(text);
  if (!split) return null;
  const hosts = parseHosts(split.host, split.ports !== null);
  return hosts && { text, hosts, ports: split.ports };
}

/** IPv6 without brackets has no port. */
function splitPorts(text: string): { readonly host: string; readonly ports: Ports | null } | null {
  if (parseRange(text)) return { host: text, ports: null };
  const [, host = '', from, to] = /^(.*?)(?::(\d{1,5})(?:-(\d{1,5}))?)?$/.exec(text) ?? [];
  if (from === undefined) return { host, ports: null };
  const ports = { from: Number(from), to: Number(to ?? from) };
  return ports.from <= ports.to && ports.to <= 65_535 ? { host, ports } : null;
}

function parseHosts(text: string, hasPorts: boolean): Hosts | null {
  if (text === '*' || (text === '' && hasPorts)) return { kind: 'all' };
  if (text.toLowerCase() === '<local>') return { kind: 'local' };
  const range = parseRange(text.replace(/^\[([^\]]*)\]/, '$1')) ?? parseRange(text.replace(/^\[(.*)\]$/, '$1'));
  if (range) return { kind: 'range', range };
  const [, star, rest = ''] = /^(\*?\.)?(.*)$/.exec(text) ?? [];
  const host = parseHost(rest);
  if (!host || rest.includes('*')) return null;
  if (host.kind === 'name') return { kind: star === undefined ? 'name' : 'below', name: host.name };
  // `0x7f.1` is an address as well.
  const address = star === undefined ? parseAddress(host.text) : null;
  return address && { kind: 'range', range: [address, address.kind() === 'ipv4' ? 32 : 128] };
}
