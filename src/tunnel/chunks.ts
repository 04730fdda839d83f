/**
 * Buffers that tunnels read into, used again once they have been written. Node.js makes one for each chunk, and after
 * some tens of MB V8 collects main's whole heap, which was a tenth of what a client's session cost the server. Main
 * thread.
 */

const CHUNK_BYTES = 2 ** 16;
const FREE_MAX = 16;

export interface Chunks {
  take(): Uint8Array;
  /** To be called when nobody reads from it any more. */
  give(chunk: Uint8Array): void;
}

export function createChunks(): Chunks {
  const free: Uint8Array[] = [];
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES),
    give(chunk) {
      if (free.length < FREE_MAX) free.push(chunk);
    },
  };
}
