/**
 * Joins two sockets: bytes from one go to the other, at the pace of the slower one. Each end is passed on as what it
 * is: half-open, complete, or a reset.
 */
import type { Socket } from 'node:net';

export interface Joined {
  /** It comes from a listener of ours, so it is a plain TCP socket. */
  readonly client: Socket;
  readonly remote: Socket;
  onSent(bytes: number): void;
  onReceived(bytes: number): void;
  /** How long a half-open socket may be silent. */
  readonly halfOpenMs: number;
}

/** Both sockets have listeners for errors. The function that is returned ends both at once. */
export function join({ client, remote, onSent, onReceived, halfOpenMs }: Joined): () => void {
  let isResetting = false;
  // Node.js 20 never closes a socket that is destroyed while it is being reset, and then its thread never ends.
  const dropClient = (): void => {
    if (!isResetting) client.destroy();
  };
  const drop = (): void => {
    dropClient();
    remote.destroy();
  };
  const reset = (): void => {
    isResetting = true;
    client.resetAndDestroy();
  };
  client.on('close', () => {
    if (!client.readableEnded || !client.writableFinished) remote.destroy();
  });
  remote.on('close', () => {
    // The client still gets what was sent before. A plain end would make an answer that was cut off look complete.
    if (!remote.readableEnded) client.write('', reset);
    else if (!remote.writableFinished) client.destroySoon();
  });
  if (client.destroyed || remote.destroyed) {
    drop();
    return drop;
  }
  forward(client, remote, onSent);
  forward(remote, client, onReceived);
  // A page that has closed its socket and one that only sends no more look the same here.
  client.on('end', () => client.setTimeout(halfOpenMs, dropClient));
  remote.on('end', () => remote.setTimeout(halfOpenMs, () => remote.destroy()));
  return drop;
}

/** Does what `pipe` does with a third of its listeners, because every connection of every page needs two of these. */
function forward(from: Socket, to: Socket, onBytes: (bytes: number) => void): void {
  from.on('data', (chunk: Buffer) => {
    onBytes(chunk.length);
    // The last bytes may have used up the limit and cut off both sockets.
    if (!to.destroyed && !to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
  from.resume();
}
