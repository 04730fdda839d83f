/**
 * The server's side of SOCKS5 (RFC 1928), as Chromium speaks it: a greeting, one CONNECT, then raw bytes. A parser of
 * what comes, in whatever pieces; and the replies. Pure.
 */
import type { EgressRefusal } from '../protocol/egress.js';

export type Step =
  /** What came is not whole yet. */
  | { readonly kind: 'more' }
  /** To be answered with `GREETING_REPLY`; then it goes on. */
  | { readonly kind: 'greeted' }
  /** The last step; `rest` came behind it. */
  | { readonly kind: 'request'; readonly host: string; readonly port: number; readonly rest: Buffer }
  /** The last step too: no SOCKS5, or not what is served; `reply` may be empty. */
  | { readonly kind: 'bad'; readonly reply: Buffer };

export interface Handshake {
  /** Takes what came. After each step but `more`, an empty chunk asks for the next one. */
  push(chunk: Buffer): Step;
}

const VERSION = 5;
const CONNECT = 1;
const NO_PASSWORD = 0;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

export const GREETING_REPLY = Buffer.from([VERSION, NO_PASSWORD]);
/** The address is none: nobody asks for it. */
export const CONNECTED_REPLY = reply(0);

/** The code that comes nearest; Chromium treats all alike. */
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

/** Version, command, a zero, the kind of address, the address, two bytes of port. */
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
