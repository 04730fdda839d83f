/**
 * The one spelling of a host that a page may spell in many ways, found as Chromium does it: `0x7f.1`, full-width digits
 * and a dot at the end are other spellings of the same host. Pure.
 */
import { type Address, parseAddress } from './addresses.js';

/** A name has no dot at its end. `text` is for people, and is the same for all spellings. */
export type Host =
  | { readonly kind: 'address'; readonly address: Address; readonly text: string }
  | { readonly kind: 'name'; readonly name: string; readonly text: string };

const NAME_LENGTH_MAX = 253;

/** null: it is no host. */
export function parseHost(raw: string): Host | null {
  const bare = /^\[(.*)\]$/.exec(raw)?.[1] ?? raw;
  const address = parseAddress(bare);
  if (address) return { kind: 'address', address, text: address.toString() };
  // Characters that would end the host in a URL, or vanish from it, cannot be part of one.
  if (bare === '' || /[\s/\\?#@:%[\]\0-\x1f\x7f]/.test(bare)) return null;
  const url = `http://${bare}/`;
  const text = URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, '') : '';
  const number = parseAddress(text);
  if (number) return { kind: 'address', address: number, text: number.toString() };
  return text === '' || text.length > NAME_LENGTH_MAX ? null : { kind: 'name', name: text, text };
}
