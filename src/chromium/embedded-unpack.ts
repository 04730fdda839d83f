/**
 * The archives of `@sparticuz/chromium` to files. In: the package's folder and an empty folder; out: that folder with
 * the executable, the libraries that it looks for beside itself, `lib/` and `fonts/`. All by streams, because 67 MB
 * packed are 220 MB unpacked. Main thread; the decompression runs in libuv's threads.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';
import { extract, type Headers } from 'tar-fs';

export const EXECUTABLE_NAME = 'chromium';
export const LIBRARY_FOLDER = 'lib';
export const FONTS_FOLDER = 'fonts';

// swiftshader holds libvulkan and the software renderer. Chromium looks for them in its own folder, not in the library
// path. Without them pages render, but WebGL is null and the GPU process fails twice at each start. al2023 holds NSS,
// NSPR and expat under lib/. The fonts archive also has a fonts.conf, which is left out.
const ARCHIVES = ['al2023.tar.br', 'swiftshader.tar.br', 'fonts.tar.br'] as const;
const LEFT_OUT = 'fonts.conf';

const CHUNK_BYTES = 1 << 20;

export interface EmbeddedPackage {
  readonly dir: string;
  readonly version: string;
}

/** @throws {Error} when the package is not installed, or is not built for this machine. */
export async function findEmbeddedPackage(): Promise<EmbeddedPackage> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the embedded Chromium is for linux x64, and this is ${process.platform} ${process.arch}`);
  }
  // The package exports only its entry, so its folder is found from there; its code is never run.
  const dir = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..');
  const parsed: unknown = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'));
  const version = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined;
  // The version becomes part of a folder's name.
  if (typeof version !== 'string' || !/^[\w.+-]{1,64}$/.test(version)) throw new Error(`no version in ${dir}`);
  return { dir, version };
}

/**
 * Writes everything into `folder`, which must be empty.
 * @throws {Error} when an archive is damaged or the disk is full.
 */
export async function unpackPackage(packageDir: string, folder: string): Promise<void> {
  for (const archive of ARCHIVES) await unpackTar(join(packageDir, 'bin', archive), folder);
  await pipeline(
    createReadStream(join(packageDir, 'bin', 'chromium.br'), { highWaterMark: CHUNK_BYTES }),
    createBrotliDecompress({ chunkSize: CHUNK_BYTES }),
    createWriteStream(join(folder, EXECUTABLE_NAME), { mode: 0o700, flags: 'wx' }),
  );
}

async function unpackTar(archive: string, folder: string): Promise<void> {
  // As root, tar-fs would give the files to the owners that the archive names; all must be ours.
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  const map = (header: Headers): Headers => ({ ...header, uid, gid, mode: header.type === 'file' ? 0o600 : 0o700 });
  const ignore = (path: string, header?: Headers): boolean =>
    (header?.type !== 'file' && header?.type !== 'directory') || path === join(folder, LEFT_OUT);
  await pipeline(createReadStream(archive), createBrotliDecompress(), extract(folder, { map, ignore }));
}
