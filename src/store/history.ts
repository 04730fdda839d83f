/**
 * The history across restarts. In: what a file has kept, as rows for the ring; out: what the ring gathers goes back
 * into the file. Whatever is wrong with the file, the server serves, if need be from memory, and says so once. Main
 * thread.
 */
import * as fs from 'node:fs/promises';
import type { Clock } from '../clock.js';
import type { RestoredRows, Ring } from '../metrics/ring.js';
import { word } from '../metrics/row.js';
import { type Files, type FlushFailureReason, messageOf, reasonOf } from './files.js';
import { type Attempt, attempt, type HistoryLog, type HistoryOptions, type Source, type Trouble } from './source.js';
import { createWriter, type Writer, type WriterOptions } from './writer.js';

/** After a failure it is tried again after this time, which doubles: making the file anew costs 12 MB of writing. */
const AGAIN_FIRST_MS = 1_000;
const AGAIN_MOST_MS = 10_000;

export interface Attachment {
  readonly ring: Ring;
  /** After each flush that wrote something. */
  readonly onFlush: (durationMs: number) => void;
  /** After each failed try, to write or to get the file at all. */
  readonly onFailure: (reason: FlushFailureReason) => void;
}

export interface HistoryFile {
  /** For `createRing`; null when the file has no rows. */
  readonly restored: RestoredRows | null;
  /** Hands over the ring that was made with `restored`, before anything is folded into it. */
  attach(attachment: Attachment): void;
  /** Writes what is new. Calls at the same time share one flush. Never rejects. */
  flush(): Promise<void>;
  /** Flushes once more and syncs, then frees the file and its lock. Never rejects; nothing is written after it. */
  close(): Promise<void>;
}

/** Never rejects: when the file cannot be had, the history is kept in memory. */
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

/** The pause between two tries. Each is longer than the one before, up to a limit. */
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
  /** What the ring held before anything was folded into it. All of it was restored. */
  readonly begun: WriterOptions['begun'];
  /** The sequence number that the ring's row 0 has in the file from which it was restored. */
  readonly firstSequence: number;
}

function firstSequenceOf(restored: Source['restored'], ring: Ring): number {
  const last = restored?.rows.at(-1);
  const goesOn = last !== undefined && word(last, 'date') === word(ring.open(), 'date');
  return (restored?.lastSequence ?? -1) + (goesOn ? 0 : 1) - ring.closed();
}

type Place = Pick<WriterOptions, 'start' | 'firstSequence' | 'firstTime'>;

/**
 * Where the ring's rows go in a file that was had late. When the file is as it was at the start, or is empty, it is
 * written as it would have been then. When it was not known then, it is gone on with: its rows come before the ring's,
 * and are shown after the next start. Any other file is put aside.
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
