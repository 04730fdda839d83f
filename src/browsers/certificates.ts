/**
 * Authorities that browsers trust besides their own. In: PEM files; out: the database that Chromium reads in its home.
 * It is made once, because certutil is slow, and kept in memory. Each browser gets a copy, because every browser that
 * shared a folder could write to it. Main thread.
 */
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Authorities {
  /** The files of the database, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The certificates, in PEM. */
  readonly pems: readonly string[];
}

const BEGIN = '-----BEGIN CERTIFICATE-----';
const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
/** It takes some 0.1 s, and longer on a busy machine. */
const CERTUTIL_LIMIT_MS = 30_000;
/** Where NSS looks, below a browser's home. */
const DATABASE = ['.pki', 'nssdb'];

/**
 * Null when there are no `paths`. `tempDir` is needed only during the call.
 * @throws {Error} that names a file that is missing or is no certificate, or the package that certutil is in.
 */
export async function readAuthorities(paths: readonly string[], tempDir: string): Promise<Authorities | null> {
  if (paths.length === 0) return null;
  const certificates = (await Promise.all(paths.map(certificatesIn))).flat();
  const folder = await mkdtemp(join(tempDir, 'authorities-'));
  try {
    await certutil(folder, ['-N', '--empty-password']);
    for (const [i, { raw }] of certificates.entries()) {
      const file = join(folder, 'authority');
      await writeFile(file, raw);
      // Trusted to sign servers' certificates only.
      await certutil(folder, ['-A', '-n', `authority-${i}`, '-t', 'C,,', '-i', file]);
      await rm(file);
    }
    const names = await readdir(folder);
    const files = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const));
    return { files: new Map(files), pems: certificates.map(String) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Writes them into the home of a browser that has not been started yet. Returns the paths that it made, each folder
 * before what it holds.
 */
export function writeAuthorities(authorities: Authorities, homeDir: string): string[] {
  const folders = DATABASE.map((_, i) => join(homeDir, ...DATABASE.slice(0, i + 1)));
  for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = Array.from(authorities.files, ([name, content]) => ({
    path: join(homeDir, ...DATABASE, name),
    content,
  }));
  for (const { path, content } of files) writeFileSync(path, content, { mode: 0o600 });
  return [...folders, ...files.map(({ path }) => path)];
}

async function certificatesIn(path: string): Promise<X509Certificate[]> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new Error(`EXTRA_CA_CERTS: ${path} cannot be read: ${error.message}`, { cause: error });
  });
  const blocks = text.match(BLOCK);
  if (!blocks) throw new Error(`EXTRA_CA_CERTS: ${path} has no certificate in PEM`);
  if (text.split(BEGIN).length - 1 > blocks.length)
    throw new Error(`EXTRA_CA_CERTS: ${path} ends within a certificate`);
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new Error(`EXTRA_CA_CERTS: ${path}: certificate ${i + 1} of ${blocks.length} is damaged`, { cause: error });
    }
  });
}

async function certutil(folder: string, args: readonly string[]): Promise<void> {
  const child = spawn('certutil', ['-d', `sql:${folder}`, ...args], {
    stdio: 'ignore',
    timeout: CERTUTIL_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'exit').catch((error: Error) => {
    throw new Error(`EXTRA_CA_CERTS needs certutil, from the package libnss3-tools: ${error.message}`, {
      cause: error,
    });
  });
  const [code, signal] = await ended;
  if (code !== 0) throw new Error(`EXTRA_CA_CERTS: certutil ${args[0]} ended with ${code ?? signal}`);
}
