/**
 * Whether somebody lives, asked of the kernel. Who lives listens on a Unix socket; who wants to know connects. The
 * socket of a killed process refuses, whatever container the process ran in. A pid in a file cannot tell that: pids are
 * used again, and mean nothing in another container. Main thread.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { basename, dirname } from 'node:path';

/** What the owner of a socket answers. */
export type Answer = 'holds' | 'asks';

const BYTE_OF: Readonly<Record<Answer, string>> = { holds: 'h', asks: 'a' };
/** When a holder's main thread is stopped, the kernel accepts its connections, and no answer comes. */
const ANSWER_LIMIT_MS = 1_000;
/**
 * An owner that is out of descriptors closes connections unanswered, and so does one that leaves. The next try shows
 * which.
 */
const TRIES_MAX = 3;
/** A socket can have a path of this length on every system. */
const SOCKET_PATH_BYTES = 100;

/**
 * Listens at `path` and answers all who ask, until the returned function is called. That removes what `path` names
 * then. So a socket that is to be moved needs a name of its own first, which nothing has afterwards. Does not keep the
 * process alive.
 */
export async function listenAt(path: string, says: () => Answer): Promise<() => Promise<void>> {
  const place = await findPlace(path);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(BYTE_OF[says()]);
    // Closing waits for connections, and whoever asked may be stopped before hanging up.
    socket.destroySoon();
  });
  try {
    await listening(server, place.address);
  } catch (error) {
    await place.leave();
    throw error;
  }
  return async () => {
    await closed(server);
    await place.leave();
  };
}

/** What the owner of the socket at `path` answers; `dead` when there is none. When it is unclear, somebody lives. */
export async function ask(path: string): Promise<Answer | 'dead'> {
  const place = await findPlace(path);
  try {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const heard = await askOnce(place.address);
      if (heard !== 'nothing') return heard;
    }
    return 'holds';
  } finally {
    await place.leave();
  }
}

interface Place {
  readonly address: string;
  leave(): Promise<void>;
}

/** A path that is too long is shortened by way of its folder's descriptor. */
async function findPlace(path: string): Promise<Place> {
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return { address: path, leave: async () => {} };
  const folder: FileHandle = await open(dirname(path), 'r');
  return { address: `/proc/self/fd/${folder.fd}/${basename(path)}`, leave: () => folder.close() };
}

function listening(server: Server, address: string): Promise<void> {
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      // A failed accept, for example without descriptors, changes nothing about who lives.
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

function askOnce(address: string): Promise<Answer | 'dead' | 'nothing'> {
  return new Promise((resolve) => {
    const socket = createConnection(address);
    const settle = (heard: Answer | 'dead' | 'nothing'): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => settle('holds'));
    socket.once('data', (answer) => settle(answer.toString('latin1') === BYTE_OF.asks ? 'asks' : 'holds'));
    socket.once('end', () => settle('nothing'));
    socket.once('error', (error) => settle(meaningOf(error)));
  });
}

function meaningOf(error: Error): Answer | 'dead' | 'nothing' {
  const code = 'code' in error ? error.code : '';
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'dead';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'nothing';
  // For example no permission to connect, or more who ask than the kernel queues.
  return 'holds';
}
