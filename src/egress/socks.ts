/**
 * The server's side of SOCKS5 (RFC 1928), as Chromium speaks it: a greeting, one CONNECT, then raw bytes. In: bytes in
 * pieces of any size; out: steps and replies. Pure.
 */
import type { EgressRefusal } from '../protocol/egress.js';

export type Step =
  /** The message is not complete yet. */
  | { readonly kind: 'more' }
  /** Answer with `GREETING_REPLY`; then the request comes. */
  | { readonly kind: 'greeted' }
  /** The last step; `rest` are the bytes behind the request. */
  | { readonly kind: 'request'; readonly host: string; readonly port: number; readonly rest: Buffer }
  /** Also the last step: this is no SOCKS5, or nothing that is served. `reply` may be empty. */
  | { readonly kind: 'bad'; readonly reply: Buffer };

export interface Handshake {
  /** Takes the bytes that came. After each step but `more`, call it with an empty chunk for the next step. */
  push(chunk: Buffer): Step;
}

const VERSION = 5;
const CONNECT = 1;
const NO_PASSWORD = 0;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

export const GREETING_REPLY = Buffer.from([VERSION, NO_PASSWORD]);
/** The address in it is all zeros, because no client reads it. */
export const CONNECTED_REPLY = reply(0);

/** The nearest code of SOCKS5; Chromium treats all alike. */
const REPLIES: Readonly<Record<EgressRefusal, number>> = {
  policy: 2,
  listener: 2,
  name: 4,
  refused: 5,
  timeout: 6,
  unreachable: 3,
  reset: 1,
  limit: 1,
  proxy: 1,
  protocol: 7,
  other: 1,
};

export function refusalReply(reason: EgressRefusal): Buffer {
  return reply(REPLIES[reason]);
}

export function createHandshake(): Handshake {
  let held: Buffer = Buffer.alloc(0);
  let isGreeted = false;
  return {
    push(chunk) {
      held = Buffer.concat([held, chunk]);
      if (isGreeted) return readRequest(held);
      const [version, count] = held;
      if (version !== undefined && version !== VERSION) return bad();
      if (count === undefined || held.length < 2 + count) return { kind: 'more' };
      const methods = held.subarray(2, 2 + count);
      if (!methods.includes(NO_PASSWORD)) return bad(Buffer.from([VERSION, 0xff]));
      held = held.subarray(2 + count);
      isGreeted = true;
      return { kind: 'greeted' };
    },
  };
}

/** The layout: version, command, a zero, the kind of address, the address, two bytes of port. */
function readRequest(bytes: Buffer): Step {
  const [version, command, , kind, first] = bytes;
  if (version !== undefined && version !== VERSION) return bad();
  if (command !== undefined && command !== CONNECT) return bad(reply(7));
  if (kind === undefined) return { kind: 'more' };
  if (kind !== IPV4 && kind !== NAME && kind !== IPV6) return bad(reply(8));
  if (first === undefined) return { kind: 'more' };
  const start = kind === NAME ? 5 : 4;
  const end = start + (kind === NAME ? first : kind === IPV4 ? 4 : 16);
  if (bytes.length < end + 2) return { kind: 'more' };
  const host = hostOf(kind, bytes.subarray(start, end));
  return { kind: 'request', host, port: bytes.readUInt16BE(end), rest: bytes.subarray(end + 2) };
}

function hostOf(kind: number, bytes: Buffer): string {
  if (kind === NAME) return bytes.toString('utf8');
  if (kind === IPV4) return [...bytes].join('.');
  return bytes.toString('hex').replace(/(.{4})(?=.)/g, '$1:');
}

function bad(answer: Buffer = Buffer.alloc(0)): Step {
  return { kind: 'bad', reply: answer };
}

function reply(code: number): Buffer {
  return Buffer.from([VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0]);
}
