/**
 * Folders of made-up kernel files for the readers of host/. In: a map of paths to texts; out: files in a temporary
 * folder. Written again between two reads, they stand for a machine that changes.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface FileTree {
  readonly root: string;
  write(files: Readonly<Record<string, string | number>>): void;
  /** Removes a file, or a folder with all that is in it. */
  remove(path: string): void;
  close(): void;
}

export function openFileTree(files: Readonly<Record<string, string | number>> = {}): FileTree {
  const root = mkdtempSync(join(tmpdir(), 'headcount-host-'));
  const write = (changed: Readonly<Record<string, string | number>>): void => {
    for (const [path, text] of Object.entries(changed)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), `${text}\n`);
    }
  };
  const remove = (path: string): void => rmSync(join(root, path), { recursive: true, force: true });
  write(files);
  return { root, write, remove, close: () => remove('.') };
}
