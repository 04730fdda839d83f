/**
 * A rival as a process of its own, so that its CPU time can be told from the bench's: one program that takes pictures
 * of the page, so many at a time. Parent's side and child's side of the conversation.
 */

import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { deadline } from '../../../test/deadline.js';
import { stopProcess } from './server.js';

const START_MS = 30_000;
/** A picture of the page has more; an empty answer would be fast. */
export const PICTURE_BYTES_MIN = 3_000;

/** What a rival is told, as JSON in its first argument. */
export interface RivalSetup {
  readonly chromiumPath: string;
  readonly chromiumEnv: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  readonly pageUrl: string;
}

export interface Batch {
  readonly shots: number;
  readonly concurrency: number;
  /** ms between the end of a cycle and the next. */
  readonly gapMs: number;
}

export interface Shot {
  /** Until the picture was there. */
  readonly pictureMs: number;
  /** Until its context was gone as well. */
  readonly cycleMs: number;
}

export interface Rival {
  readonly pid: number;
  run(batch: Batch, limitMs: number): Promise<Shot[]>;
  stop(): Promise<void>;
}

type Answer = { readonly kind: 'ready' } | { readonly kind: 'done'; readonly shots: Shot[] };

export async function startRival(file: 'bare-cdp.js' | 'bare-playwright.js', setup: RivalSetup): Promise<Rival> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(setup)]);
  const answer = async (ms: number): Promise<Answer> => {
    const heard = new Promise<Answer>((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`${file} ended with ${code}`));
      child.once('exit', ended);
      child.once('message', (message: Answer) => {
        child.off('exit', ended);
        resolve(message);
      });
    });
    return await deadline(heard, ms, file);
  };
  const stop = (): Promise<void> => stopProcess(child);
  try {
    await answer(START_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    async run(batch, limitMs) {
      const answered = answer(limitMs);
      child.send(batch);
      const done = await answered;
      return done.kind === 'done' ? done.shots : [];
    },
    stop,
  };
}

export function readSetup(): RivalSetup {
  const setup: RivalSetup = JSON.parse(process.argv[2] ?? '');
  return setup;
}

/** The child's side. `shoot` runs one cycle and calls `gotPicture` when it has the bytes. Ends with its parent. */
export function serveBatches(shoot: (gotPicture: (bytes: Uint8Array) => void) => Promise<void>, end: () => void): void {
  process.once('disconnect', end);
  process.once('SIGTERM', end);
  process.on('message', ({ shots, concurrency, gapMs }: Batch) => {
    const done: Shot[] = [];
    let begun = 0;
    const work = async (): Promise<void> => {
      while (begun < shots) {
        begun++;
        done.push(await timed(shoot));
        if (gapMs > 0) await sleep(gapMs);
      }
    };
    void Promise.all(Array.from({ length: concurrency }, work)).then(() => tell({ kind: 'done', shots: done }));
  });
  tell({ kind: 'ready' });
}

async function timed(shoot: Parameters<typeof serveBatches>[0]): Promise<Shot> {
  const startMs = performance.now();
  let pictureMs = Number.NaN;
  await shoot((bytes) => {
    if (bytes.length < PICTURE_BYTES_MIN) throw new Error(`a picture of ${bytes.length} bytes`);
    pictureMs = performance.now() - startMs;
  });
  return { pictureMs, cycleMs: performance.now() - startMs };
}

function tell(answer: Answer): void {
  process.send?.(answer);
}
