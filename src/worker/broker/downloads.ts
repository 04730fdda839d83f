/**
 * What a client's pages download: into a folder of the session's own, which goes with it, and no more than the server's
 * disk can bear. In: Chromium's word of downloads; out: that there is too much. Runs in a worker thread.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Of a session. What a page makes itself, no limit of the network can see. */
const BYTES_MAX = 512 * 2 ** 20;

export interface Downloads {
  /** Made by Chromium, as whoever that runs as, when something is downloaded. */
  folder(): string;
  /** Its client wants to hear of them. */
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
      // What cannot be removed goes with the browser.
      if (made !== null) await remove(made).catch(() => {});
    },
  };
}

/**
 * By its descriptor, and no folder below: a browser that was broken out of could put a link in the place of any, and
 * root would follow it.
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
