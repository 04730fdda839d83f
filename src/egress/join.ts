/**
 * Two sockets joined: what comes from one goes to the other, at the pace of the slower, and each end is passed on as it
 * is: half-open, whole, or reset.
 */
import type { Socket } from 'node:net';

export interface Joined {
  /** Of a listener of ours, and so a plain TCP socket. */
  readonly client: Socket;
  readonly remote: Socket;
  onSent(bytes: number): void;
  onReceived(bytes: number): void;
  /** How long one that is half-open may be silent. */
  readonly halfOpenMs: number;
}

/** Both have listeners for errors. What is returned ends both at once. */
export function join({ client, remote, onSent, onReceived, halfOpenMs }: Joined): () => void {
  let isResetting = false;
  // Node.js 20 never closes a socket that is destroyed while it is being reset, and its thread never ends then.
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
    // What it had sent before is the client's still. A plain end would make what is cut off pass for whole.
    if (!remote.readableEnded) client.write('', reset);
    else if (!remote.writableFinished) client.destroySoon();
  });
  if (client.destroyed || remote.destroyed) {
    drop();
    return drop;
  }
  forward(client, remote, onSent);
  forward(remote, client, onReceived);
  // A page that has closed its socket, and one that only says no more, look the same here.
  client.on('end', () => client.setTimeout(halfOpenMs, dropClient));
  remote.on('end', () => remote.setTimeout(halfOpenMs, () => remote.destroy()));
  return drop;
}

/** As `pipe` does, with a third of its listeners: there are two of these for each connection of each page. */
function forward(from: Socket, to: Socket, onBytes: (bytes: number) => void): void {
  from.on('data', (chunk: Buffer) => {
    onBytes(chunk.length);
    // The last of its bytes may have cut both off.
    if (!to.destroyed && !to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
  from.resume();
}
