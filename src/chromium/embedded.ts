/**
 * The Chromium of the npm package `@sparticuz/chromium`, unpacked into the cache once a version. In: the cache's
 * folder; out: an executable and its environment, for a machine without a browser's libraries and fonts. The package's
 * own `executablePath()` trusts whatever lies at a fixed place in /tmp. Here the folder belongs to us alone, appears
 * whole by one rename, and is verified at each start. Main thread, at start.
 */
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fontsConf } from './embedded-fonts.js';
import { findDamage, writeManifest } from './embedded-manifest.js';
import {
  type EmbeddedPackage,
  EXECUTABLE_NAME,
  FONTS_FOLDER,
  findEmbeddedPackage,
  LIBRARY_FOLDER,
  unpackPackage,
} from './embedded-unpack.js';

const FOLDER_PREFIX = 'chromium-';
/**
 * For folders that are unfinished or no longer wanted. What a killed process left under such a name is removed once it
 * is old.
 */
const TEMPORARY_PREFIX = '.temporary-';
const DAMAGED_SUFFIX = '-damaged';
const TEMPORARY_AGE_MS_MAX = 3_600_000;
/** A try fails only when another process has succeeded, so more than two are rare. */
const INSTALL_TRIES = 5;

export interface EmbeddedChromium {
  readonly path: string;
  /**
   * It needs both variables. Without the first it does not start on a bare machine; without the second it draws no
   * text.
   */
  readonly env: Readonly<Record<'LD_LIBRARY_PATH' | 'FONTCONFIG_FILE', string>>;
}

interface EmbeddedOptions {
  /** Made when it is missing. It holds one folder for each version; those of other versions are left alone. */
  readonly cacheDir: string;
  readonly homeDir: string;
  /** Whether other users may run it: as root, Chromium runs as another user. Else it is this user's alone. */
  readonly isForAll?: boolean | undefined;
  /** An LD_LIBRARY_PATH that stays in force, behind ours. */
  readonly libraryPath?: string | undefined;
  readonly progress: (message: string) => void;
}

/**
 * Unpacks this version when it is missing or damaged. Several processes may do so at once, and all get the same path.
 * @throws {Error} when the package is missing or not for this machine, when a folder is not ours alone, or when the
 * disk is full; the message names the folder.
 */
export async function prepareEmbedded(options: EmbeddedOptions): Promise<EmbeddedChromium> {
  const embedded = await findEmbeddedPackage();
  // Absolute, because the browser has another working folder.
  const cacheDir = resolve(options.cacheDir);
  const folder = join(cacheDir, `${FOLDER_PREFIX}${embedded.version}`);
  await mkdir(cacheDir, { recursive: true, mode: options.isForAll ? 0o755 : 0o700 });
  await inodeOfOwn(cacheDir);
  await ensureUnpacked(embedded, folder, options.progress);
  const path = join(folder, EXECUTABLE_NAME);
  const libraries = join(folder, LIBRARY_FOLDER);
  const env = {
    LD_LIBRARY_PATH: options.libraryPath ? `${libraries}:${options.libraryPath}` : libraries,
    FONTCONFIG_FILE: await writeFontsConf(folder, options.homeDir),
  };
  // Done at each start, because the umask may have been another when it was unpacked.
  if (options.isForAll) await openToAll(cacheDir, folder);
  return { path, env };
}

async function ensureUnpacked(
  embedded: EmbeddedPackage,
  folder: string,
  progress: EmbeddedOptions['progress'],
): Promise<void> {
  const cacheDir = dirname(folder);
  const inode = await inodeOfOwn(folder);
  if (inode !== undefined) {
    const damage = await findDamage(folder);
    if (damage === undefined) return;
    progress(`the embedded Chromium in ${folder} is damaged (${damage})`);
  }
  await removeOldTemporaries(cacheDir);
  progress(`unpacking the embedded Chromium ${embedded.version}, once, into ${folder}`);
  const startMs = performance.now();
  // Beside the folder, so that the rename stays within one file system. mkdtemp makes it 0700.
  const temporary = await mkdtemp(join(cacheDir, TEMPORARY_PREFIX));
  try {
    await unpackPackage(embedded.dir, temporary);
    await writeManifest(temporary);
    await putInPlace(temporary, folder, inode);
  } catch (error) {
    throw new Error(`cannot unpack the embedded Chromium into ${folder} (it takes 230 MB): ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    for (const path of [temporary, `${temporary}${DAMAGED_SUFFIX}`]) await rm(path, { recursive: true, force: true });
  }
  progress(`unpacked the embedded Chromium in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
}

// A rename never replaces a folder that has something in it. So one of two processes wins, and the other uses what the
// winner put there. The damaged folder is recognised by its inode. Verifying once more before moving it away would take
// time, in which another process may have repaired it and be about to start it.
async function putInPlace(temporary: string, folder: string, damagedInode: number | undefined): Promise<void> {
  let damaged = damagedInode;
  for (let tryCount = 1; ; tryCount++) {
    try {
      return await rename(temporary, folder);
    } catch (error) {
      if (!isCode(error, 'ENOTEMPTY', 'EEXIST') || tryCount === INSTALL_TRIES) throw error;
    }
    const inode = await inodeOfOwn(folder);
    if (inode === undefined) continue;
    if (inode === damaged) await moveAway(folder, inode, `${temporary}${DAMAGED_SUFFIX}`);
    else if ((await findDamage(folder)) === undefined) return;
    else damaged = inode;
  }
}

/**
 * Moves the folder away, so that it can be removed once its place is filled. Puts it back when it is not the one with
 * `inode`.
 */
async function moveAway(folder: string, inode: number, destination: string): Promise<void> {
  try {
    await rename(folder, destination);
    if ((await lstat(destination)).ino !== inode) await rename(destination, folder);
  } catch (error) {
    // Another process was quicker: it has moved the folder, or filled its place.
    if (!isCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

/**
 * Undefined when `folder` is not there. Whoever may write in it could put an executable there that we would run.
 * @throws {Error} when it is not a folder, is another user's, or others may write in it.
 */
async function inodeOfOwn(folder: string): Promise<number | undefined> {
  const stats = await lstat(folder).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (stats === undefined) return undefined;
  const uid = process.geteuid?.() ?? 0;
  if (!stats.isDirectory()) throw new Error(`${folder} is not a folder: remove it, or give another cache folder`);
  if (stats.uid !== uid) {
    throw new Error(`${folder} belongs to user ${stats.uid}, not to ${uid}: give a cache folder of this user's own`);
  }
  if ((stats.mode & 0o022) !== 0) {
    throw new Error(`others may write in ${folder}: run chmod go-w on it, or give another cache folder`);
  }
  return stats.ino;
}

// It is not in the manifest, because it names absolute folders: they change with HOME and with the place of the cache.
async function writeFontsConf(folder: string, homeDir: string): Promise<string> {
  const path = join(folder, 'fonts.conf');
  const text = fontsConf({
    packagedFontsDir: join(folder, FONTS_FOLDER),
    cacheDir: join(folder, 'fontconfig-cache'),
    homeDir,
  });
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return path;
  const temporary = await mkdtemp(join(dirname(folder), TEMPORARY_PREFIX));
  try {
    // Renamed into place, because a browser that starts now must not read half of it.
    await writeFile(join(temporary, 'fonts.conf'), text, { mode: 0o600 });
    await rename(join(temporary, 'fonts.conf'), path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return path;
}

/** Others may read and run it, never write. */
async function openToAll(cacheDir: string, folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile() || one.isDirectory())) {
    const isProgram = entry.isDirectory() || entry.name === EXECUTABLE_NAME;
    await chmod(join(entry.parentPath, entry.name), isProgram ? 0o755 : 0o644);
  }
  for (const path of [folder, cacheDir]) await chmod(path, 0o755);
}

async function removeOldTemporaries(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue;
    const path = join(cacheDir, name);
    // Another process may be removing the same folder.
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined || Date.now() - stats.mtimeMs < TEMPORARY_AGE_MS_MAX) continue;
    await rm(path, { recursive: true, force: true });
  }
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
