/**
 * The file system as the history needs it, so that a test can hand in one that fails; and how its errors are counted.
 * Main thread.
 */
import type * as fs from 'node:fs/promises';

export interface Files extends Pick<typeof fs, 'open' | 'stat' | 'mkdir' | 'link' | 'rename' | 'unlink'> {
  readdir(path: string): Promise<string[]>;
}

/** Why the history was not written: label values of `headcount_history_flush_failures_total`. */
export const FLUSH_FAILURE_REASONS = ['no_space', 'read_only', 'io', 'locked', 'unusable', 'other'] as const;
export type FlushFailureReason = (typeof FLUSH_FAILURE_REASONS)[number];

const REASONS: Readonly<Record<string, FlushFailureReason>> = {
  ENOSPC: 'no_space',
  EDQUOT: 'no_space',
  EROFS: 'read_only',
  EACCES: 'read_only',
  EPERM: 'read_only',
  EIO: 'io',
  EISDIR: 'unusable',
  ENOTDIR: 'unusable',
  EEXIST: 'unusable',
};

export function reasonOf(error: unknown): FlushFailureReason {
  return REASONS[codeOf(error)] ?? 'other';
}

/** `ENOENT` and the like; empty when it is no error of the system. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes all of `bytes` at `position`. A single write may stop early, when a disk fills up. */
export async function writeAt(handle: fs.FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error(`nothing was written at ${position + done}`);
    done += bytesWritten;
  }
}

/** Fills `into` from `position` on, and returns how many bytes there were. */
export async function readAt(handle: fs.FileHandle, into: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
