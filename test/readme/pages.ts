/**
 * The Markdown pages of this repository, wherever they are.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['src', 'grafana', 'bench', 'test'];

/** Path, from the root, to text. */
export function readPages(): ReadonlyMap<string, string> {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const paths = [...readdirSync('.'), ...inFolders].filter((path) => path.endsWith('.md'));
  return new Map(paths.sort().map((path) => [path, readFileSync(path, 'utf8')]));
}
