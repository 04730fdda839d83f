/**
 * The server's temporary folder: everything that it, its threads and its browsers put on disk for a while is in there,
 * and goes with it. What a killed server left behind is removed by the next one. Main thread.
 */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = 'headcount-';

export interface TempFolder {
  readonly path: string;
  ensure(): Promise<void>;
  remove(): Promise<void>;
}

export async function createTempFolder(tempDir: string): Promise<TempFolder> {
  sweep(tempDir);
  const path = await mkdtemp(join(tempDir, `${PREFIX}${process.pid}-`));
  return {
    path,
    ensure: async () => {},
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  };
}

/** Folders are named after the process that made them: those of our own user whose process is gone are nobody's. */
function sweep(tempDir: string): void {
  for (const name of readdirSync(tempDir)) {
    const pid = Number(/^headcount-(\d+)-\w+$/.exec(name)?.[1]);
    if (!pid || isAlive(pid)) continue;
    try {
      const path = join(tempDir, name);
      if (statSync(path).uid === process.getuid?.()) rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody else is removing it, or it is not ours to remove.
    }
  }
}

/** A zombie is dead: only its parent has not noticed, which in a container may be never. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^\) Z/.test(stat.slice(stat.lastIndexOf(')')));
  } catch {
    return false;
  }
}
