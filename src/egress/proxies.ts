/**
 * Which outgoing proxy leads to a destination, if any: the client's own, else the operator's. Pure.
 */
import type { ClientProxy, OutgoingProxies } from '../protocol/egress.js';
import { type Host, parseHost } from './host.js';
import { isLoopback } from './own-listeners.js';
import { findRule, type Rule, readableRules } from './rules.js';

export interface Upstream {
  readonly kind: 'http' | 'https' | 'socks5';
  readonly host: Host;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** A client has named it, so it is judged as a destination is. */
  readonly isClients: boolean;
}

export type ParsedProxy =
  | { readonly kind: 'proxy'; readonly proxy: Upstream }
  /** For whoever wrote the setting, without the password. */
  | { readonly kind: 'error'; readonly message: string };

/** The ways out that settings and a client's wish allow. */
export interface Ways {
  /** null: no proxy, the destination is dialled directly. */
  proxyFor(host: Host, port: number): Upstream | null;
}

const KINDS: Readonly<Record<string, readonly [Upstream['kind'], port: number]>> = {
  'http:': ['http', 80],
  'https:': ['https', 443],
  'socks5:': ['socks5', 1_080],
  'socks5h:': ['socks5', 1_080],
  'socks:': ['socks5', 1_080],
};
const HTTP_PORT = 80;

/** `http://user:password@host:port`, as operators have it in their environment. Without a scheme it is http. */
export function parseProxy(text: string): ParsedProxy {
  const url = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(url)) return { kind: 'error', message: 'it is no URL of a proxy' };
  const { protocol, hostname, port, username, password } = new URL(url);
  const kind = KINDS[protocol];
  if (!kind) return { kind: 'error', message: `a proxy is http, https or socks5, not '${protocol.slice(0, -1)}'` };
  const host = parseHost(hostname);
  const credentials = [username, password].map(decoded);
  if (!host || credentials.includes(null)) return { kind: 'error', message: 'it is no URL of a proxy' };
  const [user, secret] = credentials;
  const at = port === '' ? kind[1] : Number(port);
  return checked({ kind: kind[0], host, port: at, username: user ?? '', password: secret ?? '', isClients: false });
}

/** A client's proxy: its name and password come apart from its address. */
export function parseClientProxy({ server, username, password }: ClientProxy): ParsedProxy {
  const parsed = parseProxy(server);
  if (parsed.kind === 'error') return parsed;
  const { proxy } = parsed;
  const login = { username: username ?? proxy.username, password: password ?? proxy.password };
  return checked({ ...proxy, ...login, isClients: true });
}

/** @throws {Error} when one of them is no proxy; the settings were checked before. */
export function operatorsWays({ http, https, all, none }: OutgoingProxies): Ways {
  const forHttp = operatorsProxy(http ?? all);
  const forOthers = operatorsProxy(https ?? all);
  const bypass = bypassOf(none ?? '');
  return {
    proxyFor(host, port) {
      return isBypassed(bypass, host, port) ? null : port === HTTP_PORT ? forHttp : forOthers;
    },
  };
}

/** Destinations that the client excepts are reached as if it had no proxy. */
export function clientsWays(proxy: Upstream, bypass: string, others: Ways): Ways {
  const rules = readableRules(bypass);
  return {
    proxyFor: (host, port) => (isBypassed(rules, host, port) ? others.proxyFor(host, port) : proxy),
  };
}

/** SOCKS5 has one byte for the length of the user's name, and one for that of the password. */
const CREDENTIAL_BYTES_MAX = 255;

function checked(proxy: Upstream): ParsedProxy {
  const isLong = [proxy.username, proxy.password].some((part) => Buffer.byteLength(part) > CREDENTIAL_BYTES_MAX);
  if (!isLong) return { kind: 'proxy', proxy };
  return { kind: 'error', message: `name and password of a proxy have at most ${CREDENTIAL_BYTES_MAX} bytes each` };
}

/** Loopback means this machine, never the proxy's. */
function isBypassed(rules: readonly Rule[], host: Host, port: number): boolean {
  if (host.kind === 'address') return isLoopback(host.address) || findRule(rules, host.address, port) !== undefined;
  const isLocal = host.name === 'localhost' || host.name.endsWith('.localhost');
  return isLocal || findRule(rules, host.name, port) !== undefined;
}

/** A name in NO_PROXY stands for all names below it too, with or without a dot before it. Other programs read it so. */
function bypassOf(text: string): readonly Rule[] {
  return readableRules(text).flatMap((rule): readonly Rule[] => {
    const { hosts } = rule;
    if (hosts.kind !== 'name' && hosts.kind !== 'below') return [rule];
    return (['name', 'below'] as const).map((kind) => ({ ...rule, hosts: { kind, name: hosts.name } }));
  });
}

function operatorsProxy(text: string | null): Upstream | null {
  if (text === null || text === '') return null;
  const parsed = parseProxy(text);
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return parsed.proxy;
}

/** null: the bytes are no text. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
