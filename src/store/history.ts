/**
 * The history across restarts: what a file kept comes out as rows for the ring, what the ring gathers goes back into
 * it. Whatever is wrong with the file, the server serves: from memory, when it must, and says so once. Main thread.
 */
import * as fs from 'node:fs/promises';
import type { Clock } from '../clock.js';
import type { RestoredRows, Ring } from '../metrics/ring.js';
import { word } from '../metrics/row.js';
import { type Files, type FlushFailureReason, messageOf, reasonOf } from './files.js';
import { type Attempt, attempt, type HistoryLog, type HistoryOptions, type Source, type Trouble } from './source.js';
import { createWriter, type Writer, type WriterOptions } from './writer.js';

/** What fails is tried again after so long, twice as long each time: making the file anew costs 12 MB of writing. */
const AGAIN_FIRST_MS = 1_000;
const AGAIN_MOST_MS = 10_000;

export interface Attachment {
  readonly ring: Ring;
  /** After each flush that wrote. */
  readonly onFlush: (durationMs: number) => void;
  /** After each try that failed, to write or to have the file at all. */
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
  const { path, setting, files = fs, log } = options;
  const first = await attempt(files, options, log);
  if (first.trouble?.reason === 'locked') {
    log('warn', `another server writes the history file ${path} (${setting}); it is kept in memory, and tried again`);
  } else if (first.trouble !== null) {
    const { message } = first.trouble;
    log('error', `the history file ${path} (${setting}) ${message}; it is kept in memory, and tried again`);
  }
  return createHistory({ ...options, files }, first);
}

type Options = HistoryOptions & { readonly files: Files };

function createHistory(options: Options, first: Attempt): HistoryFile {
  const { path, setting, clock, log } = options;
  let attached: Attached | null = null;
  let writer: Writer | null = null;
  let latest = first;
  let failing = first.trouble?.reason ?? null;
  const pause = createPause(clock);
  let inFlight: Promise<void> | null = null;
  let isClosed = false;

  const fail = (to: Attachment, { reason, message }: Trouble): void => {
    if (failing !== reason) log('error', `the history file ${path} (${setting}) ${message}; it is tried again`);
    failing = reason;
    if (!writer?.isConnected()) pause.begin();
    to.onFailure(reason);
  };
  const run = async (isLast: boolean): Promise<void> => {
    const startedAtMs = clock.monotonicMs();
    const isEarly = !writer?.isConnected() && !pause.isOver();
    if (!attached || (isEarly && !isLast)) return;
    if (!writer) latest = await attempt(options.files, options, () => {});
    if (!writer && latest.trouble) return fail(attached, latest.trouble);
    writer ??= createWriter(writerOptions(options, placeLater(first, latest, attached, log), attached));
    try {
      const hasWritten = await writer.write(isLast);
      if (failing) log('info', `the history is written to ${path} again`);
      failing = null;
      pause.reset();
      if (hasWritten) attached.onFlush(clock.monotonicMs() - startedAtMs);
    } catch (error) {
      fail(attached, { reason: reasonOf(error), message: `cannot be written: ${messageOf(error)}` });
    }
  };
  const flush = (isLast: boolean): Promise<void> => {
    inFlight ??= run(isLast).finally(() => {
      inFlight = null;
    });
    return inFlight;
  };

  return {
    restored: first.source?.restored ?? null,
    attach(to) {
      const { ring } = to;
      const begun = { row: ring.closed(), times: ring.timesWritten() };
      attached = { ...to, begun, firstSequence: firstSequenceOf(first.source?.restored ?? null, ring) };
      if (first.trouble) fail(to, first.trouble);
      else writer = createWriter(writerOptions(options, placeLater(first, first, attached, log), attached));
    },
    flush: async () => {
      if (!isClosed) await flush(false);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await inFlight;
      await flush(true);
      await writer?.close().catch(() => {});
      await latest.release();
    },
  };
}

/** Between two tries; each is longer than the one before, up to a limit. */
function createPause(clock: Clock) {
  let untilMs = Number.NEGATIVE_INFINITY;
  let nextMs = AGAIN_FIRST_MS;
  return {
    isOver: () => clock.monotonicMs() >= untilMs,
    begin(): void {
      untilMs = clock.monotonicMs() + nextMs;
      nextMs = Math.min(2 * nextMs, AGAIN_MOST_MS);
    },
    reset(): void {
      nextMs = AGAIN_FIRST_MS;
    },
  };
}

interface Attached extends Attachment {
  /** What the ring held before anything was folded into it, all of it restored. */
  readonly begun: WriterOptions['begun'];
  /** In the file that it was restored from, of the ring's row 0. */
  readonly firstSequence: number;
}

function firstSequenceOf(restored: Source['restored'], ring: Ring): number {
  const last = restored?.rows.at(-1);
  const goesOn = last !== undefined && word(last, 'date') === word(ring.open(), 'date');
  return (restored?.lastSequence ?? -1) + (goesOn ? 0 : 1) - ring.closed();
}

type Place = Pick<WriterOptions, 'start' | 'firstSequence' | 'firstTime'>;

/**
 * Where the ring's rows go in the file that could be had at last. One that is as it was at the start, or holds nothing,
 * is written as it would have been then. One that was not known then is gone on with: its rows come before the ring's,
 * and are shown after the next start. Another is put aside.
 */
function placeLater(first: Attempt, latest: Attempt, { firstSequence }: Attached, log: HistoryLog): Place {
  const start = latest.source?.start ?? 'append';
  const [before, found] = [first.source?.restored ?? null, latest.source?.restored ?? null];
  const isSame = before?.lastSequence === found?.lastSequence && before?.rows.length === found?.rows.length;
  if (found === null || isSame) return { start, firstSequence, firstTime: 0 };
  if (before !== null || start !== 'append') return { start: { aside: 'before' }, firstSequence, firstTime: 0 };
  log('info', `the history file has ${found.rows.length} rows of before; they are shown after the next start`);
  return { start, firstSequence: found.lastSequence + 1, firstTime: found.timesWritten };
}

function writerOptions({ path, log, periods, periodMs, files }: Options, place: Place, of: Attached): WriterOptions {
  return {
    ...place,
    files,
    path,
    shape: { periods, periodMs },
    ring: of.ring,
    begun: of.begun,
    onCreated(asidePath) {
      if (asidePath !== null) log('info', `what was at ${path} is now ${asidePath}; a new history file is there`);
    },
  };
}
