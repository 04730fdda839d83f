/**
 * A folder for temporary files as a server finds it. As root, Chromium is another user, and has to pass through it.
 */

import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whoever makes it must remove it. */
export function makeTempDir(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `headcount-test-${name}-`));
  chmodSync(path, 0o711);
  return path;
}
