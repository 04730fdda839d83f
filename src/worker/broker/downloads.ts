/**
 * Downloads of a client's pages go into a folder of the session's own, which is removed with it, and are limited,
 * because they fill the server's disk. In: Chromium's events of downloads; out: word that they are too much. Runs in a
 * worker thread.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Of one session. A page can make a download itself, which no limit of the network sees. */
const BYTES_MAX = 512 * 2 ** 20;

export interface Downloads {
  /** Chromium makes it when it first downloads something, as the user that it runs as. */
  folder(): string;
  /** Whether the client wants to hear of downloads. */
  areTold: boolean;
  progress(params: { readonly guid: string; readonly receivedBytes?: number }): void;
  close(): Promise<void>;
}

export function createDownloads(homeDir: string, onTooMuch: () => void): Downloads {
  const bytes = new Map<string, number>();
  let made: string | null = null;
  return {
    folder() {
      made ??= join(homeDir, `downloads-${randomBytes(8).toString('hex')}`);
      return made;
    },
    areTold: false,
    progress({ guid, receivedBytes = 0 }) {
      bytes.set(guid, receivedBytes);
      if ([...bytes.values()].reduce((sum, one) => sum + one, 0) > BYTES_MAX) onTooMuch();
    },
    async close() {
      // The browser's whole folder is removed later.
      if (made !== null) await remove(made).catch(() => {});
    },
  };
}

/**
 * Removes files by the folder's descriptor, and enters no folder below. A browser that was broken out of could put a
 * link in the place of any, and root would follow it.
 */
async function remove(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const inside = `/proc/self/fd/${folder.fd}`;
    for (const name of await readdir(inside)) await unlink(join(inside, name));
  } finally {
    await folder.close();
  }
  await rmdir(path);
}
