/**
 * Reads a request's body, no further than the limit. Main thread.
 */
import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../failures.js';

/**
 * The whole body.
 * @throws {ServiceError} PAYLOAD_TOO_LARGE as soon as it is known to be, BAD_REQUEST when it ends early.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const tooLarge = (): ServiceError =>
    new ServiceError('PAYLOAD_TOO_LARGE', `the body is larger than ${limitBytes} bytes, the limit`);
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge();
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limitBytes) {
        request.pause();
        request.removeAllListeners('data');
        reject(tooLarge());
      } else {
        chunks.push(chunk);
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('close', () => reject(new ServiceError('BAD_REQUEST', 'the body ended early')));
    request.once('error', () => reject(new ServiceError('BAD_REQUEST', 'the body ended early')));
  });
}
