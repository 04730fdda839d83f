/**
 * One try to get the history file: its folder, its lock, what is at the path, and what is to be done with that. The
 * same at the start of a server and later, while it still fails. Main thread.
 */
import { dirname } from 'node:path';
import type { Clock } from '../clock.js';
import type { RestoredRows } from '../metrics/ring.js';
import { parseBrowserless } from './browserless.js';
import { type AsideLabel, temporaryOf } from './create.js';
import { codeOf, type Files, type FlushFailureReason, messageOf, reasonOf } from './files.js';
import { type LockResult, takeLock } from './lock.js';
import { type Found, inspectFile, type RecoveredFile } from './recover.js';

/** Some network file systems have no sockets. There the file is written without a lock. */
const NO_SOCKETS = ['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EINVAL', 'EAFNOSUPPORT'];

export type HistoryLog = (level: 'info' | 'warn' | 'error', message: string) => void;

export interface HistoryOptions {
  readonly path: string;
  /** The setting that names the file, for people. */
  readonly setting: string;
  readonly periods: number;
  readonly periodMs: number;
  readonly clock: Clock;
  readonly log: HistoryLog;
  readonly files?: Files;
}

export interface Trouble {
  readonly reason: FlushFailureReason;
  /** For people; follows the path. */
  readonly message: string;
}

/** How a file for the ring's rows comes about: the present file is continued, put aside, or replaced by a new one. */
export type Start = 'append' | { readonly aside: AsideLabel | 'none' | null };

/** What was found, and what is to be done with it. */
export interface Source {
  readonly restored: (RestoredRows & { readonly lastSequence: number }) | null;
  readonly start: Start;
}

export interface Attempt {
  readonly found: Found;
  /** Null: the file is not ours to write at present. What it holds may still be shown. */
  readonly source: Source | null;
  /** Null when the file is ours. */
  readonly trouble: Trouble | null;
  /** Gives up the lock. Never rejects. */
  release(): Promise<void>;
}

/** `log` is told what was found. Never rejects. */
export async function attempt(files: Files, options: HistoryOptions, log: HistoryLog): Promise<Attempt> {
  const { path } = options;
  const folderError = await makeFolder(files, dirname(path)).then(
    () => null,
    (error: unknown) => error,
  );
  const lock = await takeLock(files, path);
  const release = async (): Promise<void> => {
    if (lock.kind === 'held') await lock.release().catch(() => {});
  };
  if (lock.kind === 'taken') {
    const trouble = { reason: 'locked', message: 'is written by another server' } as const;
    return { found: { kind: 'missing' }, source: null, trouble, release };
  }
  if (lock.kind === 'held') await files.unlink(temporaryOf(path)).catch(() => {});
  const found = await inspectFile(files, path);
  const trouble = folderTrouble(path, folderError, lock) ?? (found.kind === 'unusable' ? found : null);
  const source = judge(found, options, log);
  if (source === null || trouble !== null) {
    await release();
    const { reason, message } = trouble ?? { reason: 'unusable', message: 'is not a history file' };
    return { found, source, trouble: { reason, message }, release };
  }
  if (lock.kind === 'impossible') log('warn', `${path} cannot be locked: ${messageOf(lock.error)}`);
  return { found, source, trouble: null, release };
}

/** The message names the folder and not the lock in it, because users do not know the lock. */
function folderTrouble(path: string, folderError: unknown, lock: LockResult): Trouble | null {
  if (folderError !== null) {
    return { reason: reasonOf(folderError), message: `cannot be written: ${messageOf(folderError)}` };
  }
  if (lock.kind !== 'impossible' || NO_SOCKETS.includes(codeOf(lock.error))) return null;
  const [why] = /E[A-Z]+: [\w -]*\w/.exec(messageOf(lock.error)) ?? [messageOf(lock.error)];
  return { reason: reasonOf(lock.error), message: `cannot be written: ${why}, in the folder ${dirname(path)}` };
}

/** Null: the file is nothing of ours, and stays as it is. */
function judge(found: Found, options: HistoryOptions, log: HistoryLog): Source | null {
  const { path, periodMs, periods, clock } = options;
  const fresh = (aside: AsideLabel | 'none' | null): Source => ({ restored: null, start: { aside } });
  switch (found.kind) {
    case 'missing':
      return fresh('none');
    case 'empty':
      return fresh(null);
    case 'version':
      log('warn', `the history file ${path} ${found.message}; a new one is begun`);
      return fresh('version');
    case 'unusable':
      return null;
    case 'text': {
      const rows = parseBrowserless(found.text, { periodMs, periods, nowEpochMs: clock.epochMs() });
      if (!rows) return null;
      log(
        rows.skippedCount > 0 ? 'warn' : 'info',
        `${rows.readCount} rows of browserless imported from ${path}, ${rows.skippedCount} skipped`,
      );
      return { restored: { ...rows, lastSequence: rows.rows.length - 1 }, start: { aside: 'imported' } };
    }
    case 'ring':
      return judgeRing(found, options, log);
  }
}

function judgeRing(found: RecoveredFile, { path, periods, periodMs }: HistoryOptions, log: HistoryLog): Source {
  const rowCount = found.rows.length;
  if (found.periodMs !== null && found.periodMs !== periodMs) {
    log('warn', `the history file ${path} has periods of ${found.periodMs} ms, not ${periodMs}; a new one is begun`);
    return { restored: null, start: { aside: 'period' } };
  }
  const restored = rowCount > 0 ? found : null;
  if (found.damage.length > 0) {
    log('error', `the history file ${path} is damaged: ${found.damage.join(', ')}; ${rowCount} rows were saved`);
    return { restored, start: { aside: 'bad' } };
  }
  const isOurs = found.shape?.periods === periods && !found.isOlder;
  log('info', `${rowCount} rows of history restored from ${path}`);
  return { restored, start: isOurs ? 'append' : { aside: null } };
}

/** Not by `recursive`, which tries for ever where a folder cannot be made without an error, as below /proc. */
async function makeFolder(files: Files, path: string, isAbove = false): Promise<void> {
  try {
    await files.mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await files.stat(path)).isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || isAbove || dirname(path) === path) throw error;
    await makeFolder(files, dirname(path));
    await makeFolder(files, path, true);
  }
}
