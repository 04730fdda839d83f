/**
 * What piscina runs for `bare-server.ts`: nothing, answered with no bytes. Worker thread.
 */

export function runNull(): Uint8Array {
  return new Uint8Array(0);
}
