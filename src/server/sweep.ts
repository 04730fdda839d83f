/**
 * Removes what dead servers have left below the folder for temporary files: their folders, and the processes in them.
 * In: that folder; out: no folder of our user's in it is without a server. Main thread.
 *
 * A folder's lock answers as long as its server lives. A folder of that name without a lock is left alone: its server
 * may be about to make the lock again, or it never belonged to a server.
 */
import { lstat, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeBrowserFolders } from '../browsers/folder.js';
import { ask } from '../liveness.js';
import { endProcessesIn, isAlive, isAnybodyIn } from './sweep-processes.js';

export const FOLDER_PREFIX = 'headcount-';
/** The socket in a server's folder on which the server listens. */
export const LOCK_NAME = 'lock';
/** The first character in the name of a folder that is not complete yet, or no longer. */
const ASIDE = '.';
/** Making a folder takes ms. One that has been aside for longer was left by a server that died. */
const ASIDE_LIMIT_MS = 60_000;
/** Versions without locks put their pid into the name. */
const NAME = new RegExp(`^(\\.)?${FOLDER_PREFIX}(?:(\\d+)-)?[A-Za-z0-9]{6}$`);

/** Never rejects: what cannot be removed stays. */
export async function sweep(tempDir: string): Promise<void> {
  const dead = await findDead(tempDir).catch(() => []);
  if (dead.length === 0) return;
  await endProcessesIn(dead);
  for (const path of dead) await removeFolder(path).catch(() => {});
}

/**
 * Moves the folder aside before it is removed. If only half of it can be removed, its name then shows that it has no
 * server.
 */
export async function removeFolder(path: string): Promise<void> {
  const aside = asideOf(path);
  const isAside = await rename(path, aside).then(
    () => true,
    () => false,
  );
  await removeBrowserFolders(isAside ? aside : path);
  await rm(isAside ? aside : path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/** The name under which sweeps leave the folder alone for a while; the path itself when it already is such a name. */
export function asideOf(path: string): string {
  const name = basename(path);
  return name.startsWith(ASIDE) ? path : join(dirname(path), `${ASIDE}${name}`);
}

/** Real paths, because the kernel names processes' folders so. */
async function findDead(tempDir: string): Promise<string[]> {
  const root = await realpath(tempDir);
  const dead: string[] = [];
  for (const name of await readdir(root)) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const [, aside, pid] = match;
    const path = join(root, name);
    // A failure concerns only this folder: it has just gone, or we may not look into it.
    if (await isNobodys(path, { isAside: aside !== undefined, pid: Number(pid ?? 0) }).catch(() => false)) {
      dead.push(path);
    }
  }
  return dead;
}

async function isNobodys(path: string, { isAside, pid }: { isAside: boolean; pid: number }): Promise<boolean> {
  const stats = await lstat(path);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.()) return false;
  const lock = join(path, LOCK_NAME);
  const hasLock = (await lstat(lock).catch(() => null))?.isSocket() ?? false;
  if (hasLock && (await ask(lock)) !== 'dead') return false;
  if (isAside) return Date.now() - stats.mtimeMs > ASIDE_LIMIT_MS;
  // An earlier version may still run while this one starts. When the pid is ours, it belonged to a server before us.
  if (pid > 0) return pid === process.pid || !isAlive(pid) || !isAnybodyIn(path);
  return hasLock;
}
