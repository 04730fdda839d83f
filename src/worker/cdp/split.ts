/**
 * From the bytes of a pipe to frames, which end with NUL. What nobody needs is dropped while it comes. Of a frame that
 * is too large to be taken, only its two ends are told. Pure.
 */
import { ENDS_BYTES } from './peek.js';

const NUL = 0;

export interface SplitOptions {
  readonly bytesMax: number;
  readonly onFrame: (frame: Buffer) => void;
  /** Whether nobody will want this frame. `start` is its beginning, with the method. */
  readonly isUseless: (start: Buffer) => boolean;
  /** Of a frame larger than `bytesMax`: its first and last bytes, joined. */
  readonly onGiant: (ends: Buffer) => void;
}

/** A frame of which more than one chunk has come. What is skipped is dropped, except for its ends. */
interface Begun {
  parts: Buffer[];
  bytes: number;
  fate: 'open' | 'wanted' | 'useless' | 'giant';
  last: Buffer;
}

export function splitFrames({ bytesMax, onFrame, isUseless, onGiant }: SplitOptions): (chunk: Buffer) => void {
  let begun: Begun | null = null;

  const goOn = (of: Begun, part: Buffer): void => {
    of.bytes += part.length;
    of.last = lastOf(of.last, part);
    if (of.fate === 'useless' || of.fate === 'giant') return;
    of.parts.push(part);
    if (of.fate === 'open' && of.bytes >= ENDS_BYTES) of.fate = isUseless(firstOf(of.parts)) ? 'useless' : 'wanted';
    if (of.fate === 'wanted' && of.bytes > bytesMax) of.fate = 'giant';
    if (of.fate !== 'wanted' && of.fate !== 'open') of.parts = [firstOf(of.parts)];
  };

  const end = ({ fate, parts, last }: Begun): void => {
    if (fate === 'giant') onGiant(Buffer.concat([...parts, last]));
    else if (fate !== 'useless') onFrame(Buffer.concat(parts));
  };

  return (chunk) => {
    let start = 0;
    for (let at = chunk.indexOf(NUL); at !== -1; at = chunk.indexOf(NUL, start)) {
      const part = chunk.subarray(start, at);
      start = at + 1;
      if (begun === null) {
        onFrame(part);
      } else {
        goOn(begun, part);
        end(begun);
        begun = null;
      }
    }
    if (start === chunk.length) return;
    begun ??= { parts: [], bytes: 0, fate: 'open', last: Buffer.alloc(0) };
    goOn(begun, chunk.subarray(start));
  };
}

/** A copy, because a part would keep its whole chunk in memory. */
function firstOf(parts: readonly Buffer[]): Buffer {
  const first: Buffer[] = [];
  for (let i = 0, bytes = 0; i < parts.length && bytes < ENDS_BYTES; i++) {
    const part = parts[i]?.subarray(0, ENDS_BYTES - bytes) ?? Buffer.alloc(0);
    first.push(part);
    bytes += part.length;
  }
  return Buffer.concat(first);
}

function lastOf(before: Buffer, part: Buffer): Buffer {
  const both = part.length >= ENDS_BYTES ? part : Buffer.concat([before, part]);
  return Buffer.from(both.subarray(Math.max(0, both.length - ENDS_BYTES)));
}
