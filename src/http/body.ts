/**
 * Reads the bodies of requests. It stops at the limit of one body, and at the limit of all that are being read. Main
 * thread.
 */
import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../failures.js';

/**
 * Memory for all bodies that are being read at once; or a few of the largest, when that is more. A body that was read
 * is a session, and there are only so many of these. But clients that send slowly could hold any number of bodies.
 */
const BODIES_BYTES_MAX = 64 * 1024 * 1024;
const LARGEST_BODIES_MIN = 4;

/** The room that a body gets first, whatever length it announces. */
const FIRST_BYTES_MAX = 64 * 1024;

/** There is no room for the rest of a body. */
export class BodiesFull extends Error {}

export interface Bodies {
  /** @throws {ServiceError} PAYLOAD_TOO_LARGE when the head announces too long a body. */
  checkHead(request: IncomingMessage): void;
  /**
   * The whole body.
   * @throws {ServiceError} PAYLOAD_TOO_LARGE as soon as the body is known to be too long, BAD_REQUEST when it ends
   * early.
   * @throws {BodiesFull}
   */
  read(request: IncomingMessage): Promise<Buffer>;
}

/** `totalBytes` is for all bodies together. */
export function createBodies(
  limitBytes: number,
  totalBytes = Math.max(BODIES_BYTES_MAX, LARGEST_BODIES_MIN * limitBytes),
): Bodies {
  let heldBytes = 0;
  const tooLarge = (): ServiceError =>
    new ServiceError('PAYLOAD_TOO_LARGE', `the body is larger than ${limitBytes} bytes, the limit`);

  return {
    checkHead(request) {
      if (declaredBytes(request) > limitBytes) throw tooLarge();
    },
    async read(request) {
      // One buffer that grows. As a list of chunks, a body that comes byte by byte would take a hundred times its size.
      let bytes = Buffer.alloc(0);
      let length = 0;
      const grow = (wanted: number): void => {
        const first = Math.min(declaredBytes(request), FIRST_BYTES_MAX);
        const size = Math.min(limitBytes, Math.max(wanted, first, 2 * bytes.length));
        if (heldBytes + size - bytes.length > totalBytes) {
          throw new BodiesFull(`the bodies of other requests take the ${totalBytes} bytes that there are for all`);
        }
        heldBytes += size - bytes.length;
        const larger = Buffer.allocUnsafe(size);
        bytes.copy(larger, 0, 0, length);
        bytes = larger;
      };
      const take = (chunk: Buffer): void => {
        const wanted = length + chunk.length;
        if (wanted > limitBytes) throw tooLarge();
        if (wanted > bytes.length) grow(wanted);
        chunk.copy(bytes, length);
        length = wanted;
      };
      try {
        await readAll(request, take);
        return bytes.subarray(0, length);
      } finally {
        heldBytes -= bytes.length;
      }
    },
  };
}

function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/** Reads until the end, or until `take` throws. */
function readAll(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        request.pause();
        request.removeAllListeners('data');
        reject(error);
      }
    });
    request.once('end', resolve);
    const endedEarly = (): void => reject(new ServiceError('BAD_REQUEST', 'the body ended early'));
    request.once('close', endedEarly);
    request.once('error', endedEarly);
  });
}
