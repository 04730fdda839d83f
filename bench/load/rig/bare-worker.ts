/**
 * What piscina runs for `bare-server.ts`: it does nothing, and answers no bytes. Worker thread.
 */

export function runNull(): Uint8Array {
  return new Uint8Array(0);
}
