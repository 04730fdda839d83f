/**
 * A rival as a process of its own, so that its CPU time can be told from the bench's: one program that runs so many
 * sessions at a time. The parent's and the child's side of the conversation.
 */

import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { deadline } from '../../../test/deadline.js';
import { sandboxUser } from './sandbox-user.js';
import { stopProcess } from './server.js';

const START_MS = 30_000;

export const KINDS = ['screenshot', 'pdf', 'content'] as const;
export type Kind = (typeof KINDS)[number];
/** The product of a session is larger; an empty answer would be fast. */
export const PRODUCT_BYTES_MIN: Readonly<Record<Kind, number>> = { screenshot: 3_000, pdf: 3_000, content: 2_000 };

export const RIVAL_FILES = ['bare-cdp', 'bare-playwright', 'launching', 'cluster', 'own-browsers'] as const;
export type RivalFile = (typeof RIVAL_FILES)[number];

/** What a rival is told, as JSON in its first argument. */
export interface RivalSetup {
  readonly chromiumPath: string;
  readonly chromiumEnv: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  /** Sessions at once. Those beyond it wait. */
  readonly slots: number;
  /** Each context leaves by an exit of its own, as ours do. */
  readonly hasExits: boolean;
  /** For rivals that give each client a browser: it is launched before it is asked for. */
  readonly isLaunchedAhead?: boolean;
}

export interface Batch {
  readonly kind: Kind;
  readonly pageUrl: string;
  readonly sessions: number;
  readonly clients: number;
  /** ms between the end of a client's session and its next one. */
  readonly gapMs: number;
}

/** The parts of a session's time. `close` comes after the product. */
export const PARTS = ['context', 'navigate', 'run', 'close'] as const;
export type Part = (typeof PARTS)[number];
export type Parts = Readonly<Partial<Record<Part, number>>>;

export interface Session {
  readonly isOk: boolean;
  /** From the request until the product was there, the wait for a slot included. */
  readonly productMs: number;
  /** Until its context was gone as well. */
  readonly cycleMs: number;
  /** ms, as far as they are known. */
  readonly parts: Parts;
}

export interface Rival {
  readonly pid: number;
  run(batch: Batch, limitMs: number): Promise<Session[]>;
  stop(): Promise<void>;
}

/** Runs one session. Calls `gotProduct` when it has the bytes, and `ended` when a part is over, if it can tell. */
export type RunSession = (
  work: Batch,
  gotProduct: (bytes: number) => void,
  ended: (part: Part) => void,
) => Promise<void>;

type Answer = { readonly kind: 'ready' } | { readonly kind: 'done'; readonly sessions: Session[] };

export async function startRival(file: RivalFile, setup: RivalSetup): Promise<Rival> {
  const program = fileURLToPath(new URL(`${file}.js`, import.meta.url));
  const { user, env, remove } = sandboxUser();
  const child = fork(program, [JSON.stringify(setup)], { ...user, env: { ...process.env, ...env } });
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
  const stop = async (): Promise<void> => {
    await stopProcess(child);
    remove();
  };
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
      return done.kind === 'done' ? done.sessions : [];
    },
    stop,
  };
}

export function readSetup(): RivalSetup {
  const setup: RivalSetup = JSON.parse(process.argv[2] ?? '');
  return setup;
}

/** The child's side. `slots` is null for a rival with a queue of its own. Ends with its parent. */
export function serveBatches(slots: number | null, run: RunSession, end: () => void): void {
  const limited = slots === null ? run : limit(slots, run);
  process.once('disconnect', end);
  process.once('SIGTERM', end);
  process.on('message', (batch: Batch) => {
    void runBatch(batch, limited).then((sessions) => tell({ kind: 'done', sessions }));
  });
  tell({ kind: 'ready' });
}

/** So many clients, each with one session after another. */
export async function runBatch(batch: Batch, run: RunSession): Promise<Session[]> {
  const sessions: Session[] = [];
  let begun = 0;
  const client = async (): Promise<void> => {
    while (begun < batch.sessions) {
      begun++;
      sessions.push(await timed(run, batch));
      if (batch.gapMs > 0) await sleep(batch.gapMs);
    }
  };
  await Promise.all(Array.from({ length: batch.clients }, client));
  return sessions;
}

/** A queue for programs without one: first come, first served. */
function limit(slots: number, run: RunSession): RunSession {
  const waiting: (() => void)[] = [];
  let free = slots;
  return async (work, gotProduct, ended) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await run(work, gotProduct, ended);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

async function timed(run: RunSession, batch: Batch): Promise<Session> {
  const startMs = performance.now();
  let productMs = Number.NaN;
  const parts: Partial<Record<Part, number>> = {};
  let lastMs = startMs;
  const ended = (part: Part): void => {
    const nowMs = performance.now();
    parts[part] = nowMs - lastMs;
    lastMs = nowMs;
  };
  const gotProduct = (bytes: number): void => {
    if (bytes < PRODUCT_BYTES_MIN[batch.kind]) throw new Error(`a ${batch.kind} of ${bytes} bytes`);
    productMs = performance.now() - startMs;
  };
  try {
    await run(batch, gotProduct, ended);
    return { isOk: true, productMs, cycleMs: performance.now() - startMs, parts };
  } catch (error) {
    console.error(error);
    return { isOk: false, productMs, cycleMs: performance.now() - startMs, parts };
  }
}

function tell(answer: Answer): void {
  // A parent that was killed does not listen any more; then this process ends as well.
  if (process.connected) process.send?.(answer);
}
