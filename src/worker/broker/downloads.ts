/**
 * What a client's pages download: into a folder of the session's own, which goes with it, and no more than the server's
 * disk can bear. In: Chromium's word of downloads; out: that there is too much. Runs in a worker thread.
 */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Of a session. What a page makes itself, no limit of the network can see. */
const BYTES_MAX = 512 * 2 ** 20;

export interface Downloads {
  /** Made when it is first asked for. */
  folder(): string;
  /** Its client wants to hear of them. */
  areTold: boolean;
  progress(params: { readonly guid: string; readonly receivedBytes?: number }): void;
  close(): Promise<void>;
}

export function createDownloads(parent: string, onTooMuch: () => void): Downloads {
  const bytes = new Map<string, number>();
  let made: string | null = null;
  return {
    folder() {
      made ??= mkdtempSync(join(parent, 'downloads-'));
      return made;
    },
    areTold: false,
    progress({ guid, receivedBytes = 0 }) {
      bytes.set(guid, receivedBytes);
      if ([...bytes.values()].reduce((sum, one) => sum + one, 0) > BYTES_MAX) onTooMuch();
    },
    async close() {
      if (made !== null) await rm(made, { recursive: true, force: true }).catch(() => {});
    },
  };
}
