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
}

/** For one that is half-open and silent: about what the kernel has for one that was closed. */
const HALF_OPEN_MS = 60_000;

/** Both have listeners for errors. */
export function join({ client, remote, onSent, onReceived }: Joined): void {
  client.on('close', () => {
    if (!client.readableEnded || !client.writableFinished) remote.destroy();
  });
  remote.on('close', () => {
    // What it had sent before is the client's still.
    if (client.writableLength > 0) client.destroySoon();
    else if (remote.errored) client.resetAndDestroy();
    else if (!remote.readableEnded) client.destroy();
  });
  if (client.destroyed || remote.destroyed) {
    client.destroy();
    remote.destroy();
    return;
  }
  client.on('data', (chunk: Buffer) => onSent(chunk.length));
  remote.on('data', (chunk: Buffer) => onReceived(chunk.length));
  client.pipe(remote);
  remote.pipe(client);
  for (const socket of [client, remote]) {
    // A page that has closed its socket, and one that only says no more, look the same here.
    socket.on('end', () => socket.setTimeout(HALF_OPEN_MS, () => socket.destroy()));
  }
}
