/**
 * At most one server for each history file. The lock is a Unix socket beside the file on which its holder listens. A
 * connection shows whether somebody holds it (`liveness.ts`).
 *
 * Each server listens on a name of its own before it looks at the others' names. So of two that start at once, at least
 * one sees the other. A socket answers whether its owner holds the lock or still asks for it. Among those that ask, the
 * first by name wins.
 */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { type Answer, ask, listenAt } from '../liveness.js';
import type { Files } from './files.js';

export type LockResult =
  | { readonly kind: 'held'; release(): Promise<void> }
  | { readonly kind: 'taken' }
  | { readonly kind: 'impossible'; readonly error: unknown };

/**
 * Takes the lock of the file at `path`, or says why it could not. Sockets of dead holders are removed. Never rejects.
 */
export async function takeLock(files: Files, path: string): Promise<LockResult> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.lock-`;
  const own = `${prefix}${randomBytes(4).toString('hex')}`;
  let says: Answer = 'asks';
  let release = async (): Promise<void> => {};
  try {
    release = await listenAt(join(folder, own), () => says);
    const names = (await files.readdir(folder)).filter((name) => name.startsWith(prefix) && name !== own);
    for (const name of names) {
      const state = await ask(join(folder, name));
      if (state === 'dead') await files.unlink(join(folder, name)).catch(() => {});
      if (state === 'holds' || (state === 'asks' && name < own)) {
        await release();
        return { kind: 'taken' };
      }
    }
  } catch (error) {
    await release().catch(() => {});
    return { kind: 'impossible', error };
  }
  says = 'holds';
  return { kind: 'held', release };
}
