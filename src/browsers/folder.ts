/**
 * A browser's folder has two parts. The server's part holds FIFOs and what a worker keeps; Chromium's user cannot enter
 * it. Chromium's part is its home, which no other user can enter. Main thread.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Authorities, writeAuthorities } from './certificates.js';

const PREFIX = 'browser-';
const HOME = 'home';
/** It takes a few ms. */
const TOOL_LIMIT_MS = 10_000;
const REMOVAL_TRIES = 10;
const REMOVAL_EVERY_MS = 50;
const TOOL_PATH = '/usr/local/bin:/usr/bin:/bin';

export interface BrowserFolder {
  readonly path: string;
  readonly homeDir: string;
  readonly profileDir: string;
  readonly ownTempDir: string;
  readonly artifactsDir: string;
  readonly readPath: string;
  readonly writePath: string;
  readonly stderrPath: string;
}

/** `uid` owns the home; null: the server's own user. @throws {Error} nothing is left behind. */
export async function makeBrowserFolder(
  tempDir: string,
  { uid, authorities }: { readonly uid: number | null; readonly authorities: Authorities | null },
): Promise<BrowserFolder> {
  const path = await mkdtemp(join(tempDir, PREFIX));
  const serverDir = join(path, 'server');
  const homeDir = join(path, HOME);
  const folder = {
    path,
    homeDir,
    profileDir: join(homeDir, 'profile'),
    ownTempDir: join(homeDir, 'tmp'),
    artifactsDir: join(serverDir, 'artifacts'),
    readPath: join(serverDir, 'from-browser'),
    writePath: join(serverDir, 'to-browser'),
    stderrPath: join(serverDir, 'stderr'),
  };
  try {
    const theirs = [homeDir, folder.profileDir, folder.ownTempDir];
    for (const dir of [serverDir, folder.artifactsDir, ...theirs]) mkdirSync(dir, { mode: 0o700 });
    if (authorities) theirs.push(...writeAuthorities(authorities, homeDir));
    if (uid !== null) {
      // Other users may pass through when they know a name below, and may not list what is there.
      for (const dir of [tempDir, path]) chmodSync(dir, 0o711);
      // The home is given away last. Before that, no process of that user can put a link where the next `chown` goes.
      for (const one of theirs.reverse()) chownSync(one, uid, uid);
    }
    await run('mkfifo', ['-m', '600', folder.readPath, folder.writePath, folder.stderrPath]);
    return folder;
  } catch (error) {
    await removeBrowserFolder(path).catch(() => {});
    throw error;
  }
}

/**
 * Root must not walk through a tree that another user may change meanwhile: a link in the place of a folder leads
 * anywhere, and a page that has broken out of its browser could put one there. So files of another user are removed as
 * that user.
 */
export async function removeBrowserFolder(path: string): Promise<void> {
  const homeDir = join(path, HOME);
  const stats = await lstat(homeDir).catch(() => null);
  if (stats?.isDirectory() && stats.uid !== process.getuid?.()) await removeHome(homeDir, stats);
  await rm(path, { recursive: true, force: true, maxRetries: REMOVAL_TRIES, retryDelay: REMOVAL_EVERY_MS });
}

/** Tried again, because processes that have been killed may still write for a moment. */
async function removeHome(homeDir: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  for (let tryCount = 1; ; tryCount++) {
    // From inside, because that user may not be allowed to pass through the folders above.
    await run('rm', ['-rf', '--', ...(await readdir(homeDir))], { uid, gid, cwd: homeDir }).catch(() => {});
    try {
      return await rmdir(homeDir);
    } catch (error) {
      if (tryCount === REMOVAL_TRIES) throw error;
    }
    await pause(tryCount * REMOVAL_EVERY_MS);
  }
}

/** Removes the folders of all browsers in a server's folder. */
export async function removeBrowserFolders(tempDir: string): Promise<void> {
  const names = await readdir(tempDir).catch(() => []);
  for (const name of names) if (name.startsWith(PREFIX)) await removeBrowserFolder(join(tempDir, name));
}

/** Runs a tool without the server's environment, because another user could read it there. */
async function run(
  program: string,
  args: readonly string[],
  as: { uid?: number; gid?: number; cwd?: string } = {},
): Promise<void> {
  const child = spawn(program, args, {
    ...as,
    env: { PATH: TOOL_PATH },
    stdio: 'ignore',
    timeout: TOOL_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ended with ${code ?? signal}`);
}
