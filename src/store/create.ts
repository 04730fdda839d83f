/**
 * Makes the history file. It is written under a temporary name and synced, and only then put in its place. So a kill on
 * the way leaves either what was there or the whole new file. Every byte is written, zeros too, because a sparse file
 * would meet a full disk long after it was made. Main thread.
 */
import { dirname } from 'node:path';
import { codeOf, type Files, writeAt } from './files.js';
import { encodeHeader, type FileShape, PAGE_BYTES, SEATS_OFFSET, seatCount, TIMES_OFFSET } from './format.js';

const SEATS_AT_ONCE = 256;
/** At most so many files are put aside for one reason; then the last one is overwritten. */
const ASIDE_MAX = 9;

export type AsideLabel = 'bad' | 'period' | 'version' | 'imported' | 'before';

export interface NewFile {
  readonly shape: FileShape;
  /** The session times, as the file holds them. */
  readonly times: Buffer;
  /** Writes the seat `index` into a page of zeros, or leaves the page as it is. */
  readonly encodeSeat: (index: number, page: Buffer) => void;
  /** What to do with the file at the path: null replaces it, `none` expects that there is none. */
  readonly aside: AsideLabel | 'none' | null;
}

/** Returns the path of the file that was put aside; null when there was none. Rejects with the file system's error. */
export async function createFile(files: Files, path: string, file: NewFile): Promise<string | null> {
  const temporary = temporaryOf(path);
  try {
    await writeWhole(files, temporary, file);
    if (file.aside === 'none') {
      // Not `rename`, which would replace a file that somebody has put there meanwhile.
      await files.link(temporary, path).catch(async (error: unknown) => {
        if (codeOf(error) === 'EEXIST' || !(await isFree(files, path))) throw error;
        await files.rename(temporary, path);
      });
      await files.unlink(temporary).catch(() => {});
      await syncFolder(files, path);
      return null;
    }
    const asidePath = file.aside === null ? null : await putAside(files, path, file.aside);
    await files.rename(temporary, path);
    await syncFolder(files, path);
    return asidePath;
  } catch (error) {
    await files.unlink(temporary).catch(() => {});
    throw error;
  }
}

/** The name under which a new file is written first. A kill leaves it there. */
export function temporaryOf(path: string): string {
  return `${path}.new`;
}

async function writeWhole(files: Files, path: string, { shape, times, encodeSeat }: NewFile): Promise<void> {
  const handle = await files.open(path, 'w', 0o600);
  try {
    await writeAt(handle, encodeHeader(shape), 0);
    await writeAt(handle, times, TIMES_OFFSET);
    const count = seatCount(shape);
    for (let first = 0; first < count; first += SEATS_AT_ONCE) {
      const chunk = Buffer.alloc(Math.min(SEATS_AT_ONCE, count - first) * PAGE_BYTES);
      for (let at = 0; at < chunk.length; at += PAGE_BYTES) {
        encodeSeat(first + at / PAGE_BYTES, chunk.subarray(at, at + PAGE_BYTES));
      }
      await writeAt(handle, chunk, SEATS_OFFSET + first * PAGE_BYTES);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Gives the file at the path a second name, so that the path always has a file. */
async function putAside(files: Files, path: string, label: AsideLabel): Promise<string> {
  const aside = await asideName(files, path, label);
  try {
    await files.link(path, aside);
  } catch (error) {
    // Not every file system has links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
    await files.rename(path, aside);
  }
  return aside;
}

async function asideName(files: Files, path: string, label: AsideLabel): Promise<string> {
  const nameOf = (n: number): string => `${path}.${label}${label === 'imported' && n === 1 ? '' : `-${n}`}`;
  for (let n = 1; n <= ASIDE_MAX; n++) if (await isFree(files, nameOf(n))) return nameOf(n);
  await files.unlink(nameOf(ASIDE_MAX));
  return nameOf(ASIDE_MAX);
}

async function isFree(files: Files, path: string): Promise<boolean> {
  try {
    await files.stat(path);
    return false;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}

/** Only when its folder is synced does the new name survive a power failure. */
async function syncFolder(files: Files, path: string): Promise<void> {
  const handle = await files.open(dirname(path), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
