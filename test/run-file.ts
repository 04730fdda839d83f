/**
 * One test file in one process: starts `child.js` with it, counts what that tells on file descriptor 3, and decides
 * what failed. A file ends well when it told of at least one test, run or left out, and of its end, and then exited by
 * itself with 0. What it leaves behind is killed.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
const CLOSE_TIMEOUT_MS = 5000;
/** How much of a file's output is kept, from its end. */
const OUTPUT_MAX_CHARS = 64 * 1024;
/** How long the pipes may stay open after the exit: a grandchild that was not killed may hold them. */
const DRAIN_MS = 500;

export interface FileOptions {
  readonly file: string;
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly closeTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FileReport {
  readonly passed: number;
  readonly failures: readonly string[];
  /** Tests that could not run here, each with what it needs. */
  readonly leftOut: readonly string[];
  readonly output: string;
  readonly durationMs: number;
}

/** Never rejects. */
export async function runFile(options: FileOptions): Promise<FileReport> {
  const startMs = performance.now();
  const child = spawn(process.execPath, ['--enable-source-maps', CHILD, options.file], {
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const books = new FileBooks();
  const drained = readAll(child, books);
  const stop = (why: string): void => {
    books.stopped ??= why;
    killTree(child);
  };

  const timer = setTimeout(() => stop(`no end within ${Math.round(options.timeoutMs)} ms`), options.timeoutMs);
  let closeTimer: NodeJS.Timeout | undefined;
  books.onDone = () => {
    const closeMs = options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS;
    closeTimer = setTimeout(() => stop(`still running ${closeMs} ms after its tests`), closeMs);
  };
  const abort = (): void => stop('stopped');
  options.signal?.addEventListener('abort', abort, { once: true });

  const ending = await ended(child);
  clearTimeout(timer);
  killTree(child);
  await drained();
  clearTimeout(closeTimer);
  options.signal?.removeEventListener('abort', abort);
  return {
    passed: books.passed,
    failures: books.verdict(ending),
    leftOut: books.leftOut,
    output: books.output,
    durationMs: performance.now() - startMs,
  };
}

class FileBooks {
  passed = 0;
  readonly leftOut: string[] = [];
  output = '';
  /** Why the runner ended it, when it did. */
  stopped: string | undefined;
  onDone: () => void = () => {};
  private readonly failures: string[] = [];
  private running = '';
  private openHandles = '';
  private isDone = false;

  keep(text: string): void {
    this.output = (this.output + text).slice(-OUTPUT_MAX_CHARS);
  }

  event(line: string): void {
    const [kind, text] = parseEvent(line);
    if (kind === 'begin') this.running = text;
    else if (kind === 'passed') this.passed++;
    else if (kind === 'failed') this.failures.push(text);
    else if (kind === 'left') this.leftOut.push(text);
    else if (kind === 'open') this.openHandles = text;
    else if (kind === 'done') {
      this.isDone = true;
      this.onDone();
    } else this.failures.push(`not an event: ${line}`);
  }

  verdict(ending: string): string[] {
    const last = this.running === '' ? 'before its first test' : `last begun: ${this.running}`;
    if (!this.isDone) return [...this.failures, `${this.stopped ?? `ended early with ${ending}`} (${last})`];
    if (this.stopped) return [...this.failures, `${this.stopped}, open: ${this.openHandles || 'unknown'}`];
    if (this.failures.length > 0) return this.failures;
    if (ending !== 'code 0') return [`ended with ${ending} though all tests passed`];
    return this.passed === 0 && this.leftOut.length === 0 ? ['no tests'] : [];
  }
}

function parseEvent(line: string): [kind: string, text: string] {
  try {
    const event: unknown = JSON.parse(line);
    if (Array.isArray(event) && event.length === 2) return [String(event[0]), String(event[1])];
  } catch {
    // A line cut by the end of its process.
  }
  return ['', line];
}

/** Reads the child's pipes into `books`. The returned function resolves once they have ended, or were given up. */
function readAll(child: ChildProcess, books: FileBooks): () => Promise<void> {
  const pipes = child.stdio.filter((pipe): pipe is Readable => pipe !== null && pipe !== undefined && 'read' in pipe);
  const [stdout, stderr, events] = pipes;
  stdout?.setEncoding('utf8').on('data', (text: string) => books.keep(text));
  stderr?.setEncoding('utf8').on('data', (text: string) => books.keep(text));
  if (events) createInterface({ input: events }).on('line', (line) => books.event(line));
  const closed = Promise.all(pipes.map((pipe) => new Promise<void>((resolve) => pipe.once('close', () => resolve()))));

  return async () => {
    const timer = setTimeout(() => {
      for (const pipe of pipes) pipe.destroy();
    }, DRAIN_MS);
    await closed;
    clearTimeout(timer);
  };
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `code ${code}` : signal));
  });
}

// A browser leads a group of its own, so killing the group is not enough. Processes whose parents still lead here are
// killed one by one.
function killTree(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const pids = child.exitCode === null && child.signalCode === null ? descendantsOf(child.pid) : [];
  for (const pid of [-child.pid, ...pids]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
}

/** Without `/proc` there are none. */
function descendantsOf(rootPid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of listProcesses()) {
    try {
      // The name in parentheses may hold anything; the state and the parent's pid follow it.
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const parentPid = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      parents.set(Number(entry), Number(parentPid));
    } catch {
      // Ended meanwhile.
    }
  }
  const found = [rootPid];
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child);
  }
  return found.slice(1);
}

function listProcesses(): string[] {
  try {
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  } catch {
    return [];
  }
}
