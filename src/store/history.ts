/**
 * The history across restarts: what a file kept comes out as rows for the ring, what the ring gathers goes back into
 * it. Whatever is wrong with the file, the server serves: from memory, when it must, and says so once. Main thread.
 */
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../clock.js';
import type { RestoredRows, Ring } from '../metrics/ring.js';
import { word } from '../metrics/row.js';
import { parseBrowserless } from './browserless.js';
import { type AsideLabel, temporaryOf } from './create.js';
import { type Files, type FlushFailureReason, messageOf, reasonOf } from './files.js';
import type { FileShape } from './format.js';
import { type LockResult, takeLock } from './lock.js';
import { type Found, inspectFile, type RecoveredFile } from './recover.js';
import { createWriter, type Writer } from './writer.js';

/** Making the file anew costs 12 MB of writing, so it is not tried every second. */
const CREATE_AGAIN_MS = 10_000;

type HistoryLog = (level: 'info' | 'warn' | 'error', message: string) => void;

interface HistoryOptions {
  readonly path: string;
  readonly periods: number;
  readonly periodMs: number;
  readonly clock: Clock;
  readonly log: HistoryLog;
  readonly files?: Files;
}

interface Attachment {
  readonly ring: Ring;
  /** After each flush that wrote. */
  readonly onFlush: (durationMs: number) => void;
  /** After each flush that could not; once for a file that is never written. */
  readonly onFailure: (reason: FlushFailureReason) => void;
}

export interface HistoryFile {
  /** For `createRing`; null when the file has no rows. */
  readonly restored: RestoredRows | null;
  /** Gives it the ring that was made with `restored`, before anything is folded into that. */
  attach(attachment: Attachment): void;
  /** Writes what is new. One at a time: while one runs, this is that one. Never rejects. */
  flush(): Promise<void>;
  /** A last flush, synced; then the file and its lock are free. Never rejects; nothing is written after it. */
  close(): Promise<void>;
}

/** Never rejects: a history that cannot be had is one in memory. */
export async function openHistoryFile(options: HistoryOptions): Promise<HistoryFile> {
  const { path, files = fs, log } = options;
  await files.mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => {});
  const lock = await takeLock(files, path);
  if (lock.kind === 'taken') {
    log('warn', `another server writes the history file ${path}; this one keeps its history in memory`);
    return createHistory(options, lock, { restored: null, start: null, reason: 'locked' });
  }
  if (lock.kind === 'held') await files.unlink(temporaryOf(path)).catch(() => {});
  const source = judge(await inspectFile(files, path), options);
  if (lock.kind === 'held') return createHistory(options, lock, source);
  const reason = reasonOf(lock.error);
  if (source.start !== null && ['read_only', 'unusable'].includes(reason)) {
    log('error', `${path} cannot be written: ${messageOf(lock.error)}; the history is kept in memory`);
    return createHistory(options, lock, { ...source, start: null, reason });
  }
  if (source.start !== null) log('warn', `${path} cannot be locked: ${messageOf(lock.error)}`);
  return createHistory(options, lock, source);
}

/** What becomes of what was found. */
interface Source {
  readonly restored: (RestoredRows & { readonly lastSequence: number }) | null;
  /** How the writer begins; null: it never does. */
  readonly start: 'append' | { readonly aside: AsideLabel | 'none' | null } | null;
  readonly reason: FlushFailureReason | null;
}

function judge(found: Found, options: HistoryOptions): Source {
  const { path, log, periodMs, periods, clock } = options;
  const fresh = (aside: AsideLabel | 'none' | null): Source => ({ restored: null, start: { aside }, reason: null });
  switch (found.kind) {
    case 'missing':
      return fresh('none');
    case 'empty':
      return fresh(null);
    case 'version':
      log('warn', `the history file ${path} ${found.message}; a new one is begun`);
      return fresh('version');
    case 'unusable':
      log('error', `the history file ${path} ${found.message}; the history is kept in memory`);
      return { restored: null, start: null, reason: found.reason };
    case 'text': {
      const rows = parseBrowserless(found.text, { periodMs, periods, nowEpochMs: clock.epochMs() });
      if (!rows) return judge({ kind: 'unusable', reason: 'unusable', message: 'is not a history file' }, options);
      log(
        rows.skippedCount > 0 ? 'warn' : 'info',
        `${rows.readCount} rows of browserless imported from ${path}, ${rows.skippedCount} skipped`,
      );
      return { restored: { ...rows, lastSequence: rows.rows.length - 1 }, start: { aside: 'imported' }, reason: null };
    }
    case 'ring':
      return judgeRing(found, options);
  }
}

function judgeRing(found: RecoveredFile, { path, log, periods, periodMs }: HistoryOptions): Source {
  const rowCount = found.rows.length;
  if (found.periodMs !== null && found.periodMs !== periodMs) {
    log('warn', `the history file ${path} has periods of ${found.periodMs} ms, not ${periodMs}; a new one is begun`);
    return { restored: null, start: { aside: 'period' }, reason: null };
  }
  const restored = rowCount > 0 ? found : null;
  if (found.damage.length > 0) {
    log('error', `the history file ${path} is damaged: ${found.damage.join(', ')}; ${rowCount} rows were saved`);
    return { restored, start: { aside: 'bad' }, reason: null };
  }
  const isOurs = found.shape?.periods === periods && !found.isOlder;
  log('info', `${rowCount} rows of history restored from ${path}`);
  return { restored, start: isOurs ? 'append' : { aside: null }, reason: null };
}

function createHistory(options: HistoryOptions, lock: LockResult, source: Source): HistoryFile {
  const { path, clock, log } = options;
  let attached: { readonly writer: Writer; readonly to: Attachment } | null = null;
  let isFailing = false;
  let nextCreateAtMs = Number.NEGATIVE_INFINITY;
  let inFlight: Promise<void> | null = null;
  let isClosed = false;

  const run = async (isLast: boolean): Promise<void> => {
    if (!attached) return;
    const { writer, to } = attached;
    const startedAtMs = clock.monotonicMs();
    if (!writer.isConnected() && startedAtMs < nextCreateAtMs && !isLast) return;
    try {
      const hasWritten = await writer.write(isLast);
      if (isFailing) log('info', `the history is written to ${path} again`);
      isFailing = false;
      if (hasWritten) to.onFlush(clock.monotonicMs() - startedAtMs);
    } catch (error) {
      if (!isFailing) log('error', `the history cannot be written to ${path}: ${messageOf(error)}; it is tried again`);
      isFailing = true;
      if (!writer.isConnected()) nextCreateAtMs = clock.monotonicMs() + CREATE_AGAIN_MS;
      to.onFailure(reasonOf(error));
    }
  };
  const flush = (isLast: boolean): Promise<void> => {
    inFlight ??= run(isLast).finally(() => {
      inFlight = null;
    });
    return inFlight;
  };

  return {
    restored: source.restored,
    attach(to) {
      if (source.reason) to.onFailure(source.reason);
      if (source.start) attached = { to, writer: createWriter(writerOptions(options, source, source.start, to.ring)) };
    },
    flush: async () => {
      if (!isClosed) await flush(false);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await inFlight;
      await flush(true);
      await attached?.writer.close().catch(() => {});
      if (lock.kind === 'held') await lock.release().catch(() => {});
    },
  };
}

function writerOptions(
  { path, log, periods, periodMs, files = fs }: HistoryOptions,
  { restored }: Source,
  start: NonNullable<Source['start']>,
  ring: Ring,
) {
  const shape: FileShape = { periods, periodMs };
  const last = restored?.rows.at(-1);
  const goesOn = last !== undefined && word(last, 'date') === word(ring.open(), 'date');
  return {
    files,
    path,
    shape,
    ring,
    start,
    firstSequence: (restored?.lastSequence ?? -1) + (goesOn ? 0 : 1) - ring.closed(),
    onCreated(asidePath: string | null): void {
      if (asidePath !== null) log('info', `what was at ${path} is now ${asidePath}; a new history file is there`);
    },
  };
}
