/**
 * One server a history file. The lock is a Unix socket beside the file that its holder listens on: whether somebody
 * holds it is asked of the kernel, by connecting. A holder that was killed refuses, in whatever container it ran, which
 * a pid in a file cannot tell: pids are used again, and mean nothing in another container.
 *
 * Everyone listens on a name of their own before looking at the others', so of two that start at once at least one sees
 * the other. A socket answers with what its owner is, a holder or still asking; of those that ask, the first by name
 * wins.
 */
import { randomBytes } from 'node:crypto';
import { createConnection, createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { codeOf, type Files } from './files.js';

const HOLDS = 'h';
const ASKS = 'a';
/** A holder whose main thread is stopped has its connections accepted by the kernel, and says nothing. */
const ANSWER_LIMIT_MS = 1_000;
/** The longest path that a socket can have on every system. */
const SOCKET_PATH_BYTES = 100;

export type LockResult =
  | { readonly kind: 'held'; release(): Promise<void> }
  | { readonly kind: 'taken' }
  | { readonly kind: 'impossible'; readonly error: unknown };

/** Takes the lock of the file at `path`, or says why not; sockets of dead holders are removed. Never rejects. */
export async function takeLock(files: Files, path: string): Promise<LockResult> {
  const prefix = `${basename(path)}.lock-`;
  const own = `${prefix}${randomBytes(4).toString('hex')}`;
  let says = ASKS;
  let place: SocketPlace | null = null;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(says);
  });
  const release = async (): Promise<void> => {
    await closed(server);
    await place?.leave();
  };
  try {
    place = await findPlace(files, dirname(path), own);
    const { addressOf } = place;
    await listening(server, addressOf(own));
    const names = (await files.readdir(dirname(path))).filter((name) => name.startsWith(prefix) && name !== own);
    for (const name of names) {
      const state = await ask(addressOf(name));
      if (state === 'dead') await files.unlink(join(dirname(path), name)).catch(() => {});
      if (state === 'holds' || (state === 'asks' && name < own)) {
        await release();
        return { kind: 'taken' };
      }
    }
  } catch (error) {
    await release().catch(() => {});
    return { kind: 'impossible', error };
  }
  says = HOLDS;
  return { kind: 'held', release };
}

interface SocketPlace {
  readonly addressOf: (name: string) => string;
  leave(): Promise<void>;
}

/** A long path is shortened by way of the folder's descriptor. */
async function findPlace(files: Files, folder: string, name: string): Promise<SocketPlace> {
  if (Buffer.byteLength(join(folder, name)) <= SOCKET_PATH_BYTES) {
    return { addressOf: (one) => join(folder, one), leave: async () => {} };
  }
  const handle = await files.open(folder, 'r');
  return { addressOf: (one) => `/proc/self/fd/${handle.fd}/${one}`, leave: () => handle.close() };
}

function listening(server: Server, address: string): Promise<void> {
  // The lock alone does not keep the process alive.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      // A failed accept, as when descriptors run out, changes nothing about who holds it.
      server.on('error', () => {});
      resolve();
    });
  });
}

/** Removes the socket, too. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve());
    else resolve();
  });
}

function ask(address: string): Promise<'holds' | 'asks' | 'dead'> {
  return new Promise((resolve) => {
    const socket = createConnection(address);
    const settle = (state: 'holds' | 'asks' | 'dead'): void => {
      socket.destroy();
      resolve(state);
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => settle('holds'));
    socket.once('data', (answer) => settle(answer.toString('latin1') === ASKS ? 'asks' : 'holds'));
    // It closed between accepting and answering: it has just left.
    socket.once('end', () => settle('dead'));
    socket.once('error', (error) => settle(isDead(error) ? 'dead' : 'holds'));
  });
}

/** Anything else, such as no permission to connect, is somebody. */
function isDead(error: Error): boolean {
  return ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].includes(codeOf(error));
}
