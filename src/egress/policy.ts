/**
 * Which destinations sessions may reach: NETWORK_DENY before NETWORK_ALLOW before NETWORK_POLICY. Pure. Settings are
 * read once; a destination is judged at every dial.
 */
import assert from 'node:assert/strict';
import type { NetworkPolicy } from '../protocol/egress.js';
import { type Address, formsOf, isIn, isPublic, kindOf, type Range, rangeOf } from './addresses.js';
import type { Host } from './host.js';
import { findRule, parseRules, type Rule } from './rules.js';

export interface PolicySettings {
  readonly policy: NetworkPolicy;
  readonly allow: string;
  readonly deny: string;
}

export interface Policy {
  /**
   * Why it may not be reached, for people; null: it may be. `addresses` are all that the host has; none when they are
   * not known. One address that is denied denies the whole name.
   */
  judge(host: Host, addresses: readonly Address[], port: number): string | null;
}

/** @throws {AssertionError} when the rules were not checked before. */
export function createPolicy(settings: PolicySettings): Policy {
  const allow = rulesOf(settings.allow);
  const deny = rulesOf(settings.deny);
  const { policy } = settings;

  const denied = (host: Host, addresses: readonly Address[], port: number): string | null => {
    const byName = host.kind === 'name' ? findRule(deny, host.name, port) : undefined;
    if (byName) return `${host.text} is denied by NETWORK_DENY ${byName.text}`;
    for (const address of addresses) {
      for (const form of formsOf(address)) {
        const rule = findRule(deny, form, port);
        if (rule) return `${told(host, address)} is denied by NETWORK_DENY ${rule.text}`;
      }
    }
    return null;
  };

  return {
    judge(host, addresses, port) {
      const reason = denied(host, addresses, port);
      if (reason !== null) return reason;
      if (host.kind === 'name') {
        if (findRule(allow, host.name, port)) return null;
        if (policy !== 'open' && METADATA_NAMES.has(host.name)) {
          return `policy ${policy} denies ${host.name} (a cloud's metadata)`;
        }
      }
      for (const address of addresses) {
        const kind = findRule(allow, address, port) ? null : DENIED[policy](address);
        if (kind !== null) return `policy ${policy} denies ${told(host, address)} (${kind})`;
      }
      return null;
    },
  };
}

/** Names the kind of an address that the policy denies; null: the policy allows it. */
const DENIED: Readonly<Record<NetworkPolicy, (address: Address) => string | null>> = {
  open: () => null,
  'no-metadata': metadataKind,
  public: (address) => metadataKind(address) ?? (isPublic(address) ? null : privateKind(address)),
};

const METADATA: readonly Range[] = [
  // Amazon's for its machines' IPv6; the range is set aside for that.
  'fd00:ec2::/32',
  // Google
  'fd20:ce::254',
  // Alibaba
  '100.100.100.200',
  // Azure's, which hands out certificates too.
  '168.63.129.16',
  // Oracle, before 169.254.169.254
  '192.0.0.192',
  // Scaleway, Linode
  'fd00:42::42',
  'fd00:a9fe:a9fe::1',
].map(rangeOf);
const LINK_LOCAL: readonly Range[] = ['169.254.0.0/16', 'fe80::/10'].map(rangeOf);

/** For destinations behind a proxy, whose addresses nobody here knows. */
const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'instance-data.ec2.internal',
  'metadata.tencentyun.com',
]);

function metadataKind(address: Address): string | null {
  const isAny = (ranges: readonly Range[]): boolean =>
    formsOf(address).some((form) => ranges.some((range) => isIn(form, range)));
  if (isAny(LINK_LOCAL)) return 'link-local';
  return isAny(METADATA) ? "a cloud's metadata" : null;
}

/** The kind of the address that it carries, when it carries one; that is what is not public. */
function privateKind(address: Address): string {
  const forms = formsOf(address);
  const kind = kindOf(forms[1] ?? address);
  return kind === 'unicast' ? 'not public' : kind;
}

/** An address as the page wrote it, or a name with the address that it has. */
function told(host: Host, address: Address): string {
  const text = address.toString();
  return text === host.text ? text : `${text} of ${host.text}`;
}

function rulesOf(text: string): readonly Rule[] {
  const parsed = parseRules(text);
  assert(parsed.kind === 'rules', parsed.kind === 'error' ? parsed.message : '');
  return parsed.rules;
}
