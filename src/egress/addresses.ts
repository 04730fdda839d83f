/**
 * IP addresses, and what kind of place each one is. An IPv6 address may carry an IPv4 address, to which a gateway or
 * the kernel forwards. So whoever judges the one judges the other too. Pure; the only importer of ipaddr.js.
 */
import assert from 'node:assert/strict';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type Range = readonly [Address, number];

/**
 * Takes plain spellings only: IPv4 in four decimal parts. IPv4 that is mapped into IPv6 becomes IPv4; null: no address.
 */
export function parseAddress(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  // A zone names an interface of this machine.
  if (!/^[\da-f:.]+$/i.test(text) || !URL.canParse(`http://[${text}]/`)) return null;
  // ipaddr.js alone is not enough: it takes `::8.8.8.8` for a mapped address.
  const address = ipaddr.IPv6.parse(new URL(`http://[${text}]/`).hostname.slice(1, -1));
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** An address, or one with the length of its prefix behind a slash; null: neither. */
export function parseRange(text: string): Range | null {
  const [, host = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(host);
  if (!address) return null;
  const bitsMax = address.kind() === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? bitsMax : Number(bits);
  return length <= bitsMax ? [address, length] : null;
}

/** For a text that is known to be a range. */
export function rangeOf(text: string): Range {
  const range = parseRange(text);
  assert(range);
  return range;
}

export function isIn(address: Address, [base, length]: Range): boolean {
  if (address instanceof ipaddr.IPv4) return base instanceof ipaddr.IPv4 && address.match(base, length);
  return base instanceof ipaddr.IPv6 && address.match(base, length);
}

/** The address, and each IPv4 address that it may carry. */
export function formsOf(address: Address): readonly Address[] {
  if (address instanceof ipaddr.IPv4) return [address];
  const bytes = address.toByteArray();
  const v4 = (...at: readonly number[]): Address => new ipaddr.IPv4(at.map((index) => bytes[index] ?? 0));
  const carried = CARRIERS.filter(([range]) => isIn(address, range)).flatMap(([, places]) =>
    places.map((place) => v4(...place)),
  );
  // Teredo hides its client's address by inverting every bit.
  if (isIn(address, TEREDO)) carried.push(new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff)));
  // ISATAP is recognised by the second half, below any prefix.
  if (((bytes[8] ?? 0) | 2) === 2 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe)
    carried.push(v4(...LAST));
  return [address, ...carried];
}

/** Whether everybody in the internet means the same by this address, and by what it carries. */
export function isPublic(address: Address): boolean {
  return formsOf(address).every((form) => form.range() === 'unicast' && isAssigned(form)) || isPublicGateway(address);
}

/** `link-local` and the like, for people. */
export function kindOf(address: Address): string {
  return address.range().replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const LAST = [12, 13, 14, 15];
const TEREDO = rangeOf('2001::/32');
/** Ranges of IPv6, and where in their addresses one of IPv4 may be. Mapped addresses are IPv4 already. */
const CARRIERS: readonly (readonly [Range, readonly (readonly number[])[]])[] = [
  // Compatible addresses. `::` and `::1` become 0.0.0.0 and 0.0.0.1, which every policy treats alike.
  [rangeOf('::/96'), [LAST]],
  [rangeOf('::ffff:0:0:0/96'), [LAST]],
  [rangeOf('2002::/16'), [[2, 3, 4, 5]]],
  [rangeOf('64:ff9b::/96'), [LAST]],
  // NAT64 with a prefix of one's own, whose length is not known: RFC 6052, 2.2.
  [rangeOf('64:ff9b:1::/48'), [LAST, [6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12]]],
  [TEREDO, [[4, 5, 6, 7]]],
];
/** The only part of IPv6 that is given out. */
const GLOBAL = rangeOf('2000::/3');
/** Addresses behind these gateways are what they carry. */
const GATEWAYS: readonly Range[] = [rangeOf('64:ff9b::/96'), rangeOf('2002::/16'), TEREDO];

function isAssigned(address: Address): boolean {
  return address.kind() === 'ipv4' || isIn(address, GLOBAL);
}

function isPublicGateway(address: Address): boolean {
  const [, ...carried] = formsOf(address);
  return GATEWAYS.some((gateway) => isIn(address, gateway)) && carried.every((form) => form.range() === 'unicast');
}
