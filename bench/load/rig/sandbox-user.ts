/**
 * As whom a rival runs. Chromium refuses its sandbox to root, and our server gives it another user then. So a rival of
 * root's is another user too: a sandbox costs a renderer some 25 ms of CPU, and would be ours alone.
 */

import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** No user has it, and it is not the server's own. */
const ID = 65_532;

export interface SandboxUser {
  /** For `spawn` and `fork`; empty when this is not root. */
  readonly user: { readonly uid?: number; readonly gid?: number };
  /** Folders that it may write to. */
  readonly env: Readonly<Record<string, string>>;
  readonly remove: () => void;
}

export function sandboxUser(): SandboxUser {
  if (process.getuid?.() !== 0) return { user: {}, env: {}, remove: () => {} };
  const home = mkdtempSync(join(tmpdir(), 'headcount-bench-user-'));
  chownSync(home, ID, ID);
  return {
    user: { uid: ID, gid: ID },
    env: { HOME: home, TMPDIR: home, XDG_CACHE_HOME: home },
    remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 10 }),
  };
}
