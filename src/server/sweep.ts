/**
 * What servers that are gone have left below the folder for temporary files, removed: their folders, and the processes
 * in them. In: that folder; out: no folder of our user's in it is nobody's. Main thread.
 *
 * Whether a folder is somebody's is asked over its lock. A folder of that name without a lock is left alone: its server
 * may be about to make the lock again, or it was never a server's.
 */
import { lstat, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeBrowserFolders } from '../browsers/folder.js';
import { ask } from '../liveness.js';
import { endProcessesIn, isAlive, isAnybodyIn } from './sweep-processes.js';

export const FOLDER_PREFIX = 'headcount-';
/** The socket in a server's folder that the server listens on. */
export const LOCK_NAME = 'lock';
/** Before the name of a folder that is not complete yet, or no longer. */
const ASIDE = '.';
/** Making a folder takes ms; one that is aside for longer is what is left of one. */
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

/** What is removed moves aside first: half of it, when the rest could not be removed, is nobody's for all to see. */
export async function removeFolder(path: string): Promise<void> {
  const aside = asideOf(path);
  const isAside = await rename(path, aside).then(
    () => true,
    () => false,
  );
  await removeBrowserFolders(isAside ? aside : path);
  await rm(isAside ? aside : path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/** The name of the same folder that sweeps leave alone for a while; the path itself when it is that already. */
export function asideOf(path: string): string {
  const name = basename(path);
  return name.startsWith(ASIDE) ? path : join(dirname(path), `${ASIDE}${name}`);
}

/** Real paths, because that is how the kernel tells where processes are. */
async function findDead(tempDir: string): Promise<string[]> {
  const root = await realpath(tempDir);
  const dead: string[] = [];
  for (const name of await readdir(root)) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const [, aside, pid] = match;
    const path = join(root, name);
    // Whatever fails concerns one folder: it has just gone, or is not ours to look into.
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
  // An earlier version may still run while this one starts. Our own pid was another's then.
  if (pid > 0) return pid === process.pid || !isAlive(pid) || !isAnybodyIn(path);
  return hasLock;
}
