/**
 * The server's temporary folder. It holds all that the server, its threads and its browsers put on disk for a while,
 * and is removed with the server. A lock in it says that its server lives. What a killed server leaves is removed by
 * the next one. Main thread.
 *
 * Under its own name, the folder always has a lock that answers. So it is made and locked aside, and then moved there.
 * A lock that is made again is moved over the old name only once somebody listens on it.
 */
import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { listenAt } from '../liveness.js';
import { asideOf, FOLDER_PREFIX, LOCK_NAME, removeFolder, sweep } from './sweep.js';

export interface TempFolder {
  /** It never changes while the server lives. */
  readonly path: string;
  /**
   * Makes the folder and its lock again when they are gone: cleaners of /tmp remove what is old. Calls at the same time
   * share one attempt.
   * @throws {Error} it cannot be made, somebody else's file stands there, or `remove` was called.
   */
  ensure(): Promise<void>;
  /** Removes the folder, all that is in it, and its lock. */
  remove(): Promise<void>;
}

/** @throws {Error} when `tempDir` can hold no folder; the message is for the administrator. */
export async function createTempFolder(tempDir: string): Promise<TempFolder> {
  const parent = resolve(tempDir);
  await sweep(parent);
  const made = await makeFolder(parent).catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? error.code : String(error);
    throw new Error(`TMPDIR is ${parent}, which cannot be written: ${why}`, { cause: error });
  });
  return keepFolder(made);
}

interface Lock {
  /** Device and number of its socket. Anything else in its place is not the lock. */
  readonly identity: string;
  leave(): Promise<void>;
}

interface LockedFolder {
  readonly path: string;
  readonly lock: Lock;
}

interface State {
  lock: Lock;
  /** The attempt that is under way, or null. */
  mending: Promise<void> | null;
  removing: Promise<void> | null;
}

function keepFolder({ path, lock }: LockedFolder): TempFolder {
  const state: State = { lock, mending: null, removing: null };

  const mend = async (): Promise<void> => {
    const isThere = await isOurFolder(path);
    if (isThere && (await identityOf(join(path, LOCK_NAME))) === state.lock.identity) return;
    const lost = state.lock;
    state.lock = isThere ? await lockFolder(path) : await makeAgain(path);
    await lost.leave();
  };

  const remove = async (): Promise<void> => {
    await state.mending?.catch(() => {});
    try {
      // A folder of somebody else is left alone. Looking must not keep the server from stopping.
      if (await isOurFolder(path).catch(() => false)) await removeFolder(path);
    } finally {
      await state.lock.leave();
    }
  };

  return {
    path,
    ensure() {
      if (state.removing !== null) return Promise.reject(new Error(`${path} is removed, because its server stops`));
      state.mending ??= mend().finally(() => {
        state.mending = null;
      });
      return state.mending;
    },
    remove: () => (state.removing ??= remove()),
  };
}

async function makeAgain(path: string): Promise<Lock> {
  await mkdir(dirname(path), { recursive: true });
  return (await makeFolder(dirname(path), basename(path))).lock;
}

/** Under `name`, or under a new name; with mode 0700. */
async function makeFolder(parent: string, name: string | null = null): Promise<LockedFolder> {
  const made = await mkdtemp(asideOf(join(parent, FOLDER_PREFIX)));
  const path = join(parent, name ?? basename(made).slice(1));
  let lock: Lock | null = null;
  try {
    lock = await lockFolder(made);
    await rename(made, path);
    return { path, lock };
  } catch (error) {
    await lock?.leave();
    await rm(made, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/**
 * The socket is bound to a name of its own. That name is gone once the lock is in place, because leaving a socket
 * removes the name that it was bound to.
 */
async function lockFolder(folder: string): Promise<Lock> {
  const bound = join(folder, `${LOCK_NAME}-${randomBytes(4).toString('hex')}`);
  const leave = await listenAt(bound, () => 'holds');
  try {
    const identity = await identityOf(bound);
    if (identity === null) throw new Error(`${bound} was removed while it was made`);
    // Chromium's user may pass through the folder, and must not connect to this socket.
    await chmod(bound, 0o600);
    await rename(bound, join(folder, LOCK_NAME));
    return { identity, leave };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** @throws {Error} something that is no folder of ours stands at `path`. */
async function isOurFolder(path: string): Promise<boolean> {
  const stats = await lstatOrNull(path);
  if (stats === null) return false;
  if (!stats.isDirectory()) throw new Error(`${path} is no folder, so the temporary folder cannot be made again`);
  if (stats.uid === process.getuid?.()) return true;
  throw new Error(`${path} is another user's, so the temporary folder cannot be made again`);
}

async function identityOf(socket: string): Promise<string | null> {
  const stats = await lstatOrNull(socket);
  return stats?.isSocket() ? `${stats.dev}:${stats.ino}` : null;
}

async function lstatOrNull(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
