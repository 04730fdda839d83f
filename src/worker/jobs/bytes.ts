/**
 * Text as bytes in a buffer of their own. Small Buffers share a pool, and the pool cannot move to another thread.
 */

export function toBytes(text: string, encoding: 'utf8' | 'base64' | 'latin1'): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(Buffer.byteLength(text, encoding)));
  const written = Buffer.from(bytes.buffer).write(text, encoding);
  return written === bytes.length ? bytes : bytes.slice(0, written);
}
