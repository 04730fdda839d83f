/**
 * One Chromium as a process of main's: spawned with two FIFOs for CDP, in a process group, folder, profile and TMPDIR
 * of its own, all of which are gone when it is. Main is its parent, so that it is reaped and its end is known at once
 * however its worker fares. Main thread.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { setPriority } from 'node:os';
import type { Chromium } from '../chromium/discover.js';
import type { BrowserExitReason } from '../protocol/names.js';
import type { Cage } from './cage.js';
import type { Authorities } from './certificates.js';
import { browserFlags, type FlagOptions } from './flags.js';
import { makeBrowserFolder, removeBrowserFolder } from './folder.js';

const STDERR_KEPT_BYTES = 4_096;
/** Pages take all the CPU that they can get; who counts them and answers for them has to come first. */
const NICENESS = 5;

export interface BrowserProcess {
  readonly pid: number;
  readonly readPath: string;
  readonly writePath: string;
  /** For what a worker keeps of it; goes with it. */
  readonly artifactsDir: string;
  /** Where it may write. */
  readonly homeDir: string;
  /** Resolves once, when the process has gone and its folder has been removed. */
  readonly exited: Promise<BrowserExit>;
  /** Closes main's ends of the FIFOs, once the worker holds its own: from then on, each sees the other's end. */
  releaseEnds(): void;
  /** Ends the whole process group. */
  kill(reason: BrowserExitReason): void;
}

export interface BrowserExit {
  readonly reason: BrowserExitReason;
  /** For the log: exit code or signal, and the end of what it wrote to stderr when it was not asked to go. */
  readonly detail: string;
}

/** What its flags are made from is the caller's, but for what follows from its folder and its cage. */
export interface SpawnOptions extends Omit<FlagOptions, 'profileDir' | 'isSandboxed'> {
  readonly chromium: Chromium;
  readonly cage: Cage;
  readonly tempDir: string;
  /** What a browser may see of the server's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whom it trusts besides its own; null: nobody. */
  readonly authorities: Authorities | null;
  /** Whether the kernel has ended processes for want of memory of late. */
  readonly isOutOfMemory: () => boolean;
}

/** @throws {Error} when it cannot be spawned; nothing is left behind. */
export async function spawnBrowser(options: SpawnOptions): Promise<BrowserProcess> {
  const { chromium, cage } = options;
  const folder = await makeBrowserFolder(options.tempDir, { uid: cage.uid, authorities: options.authorities });
  const { readPath, writePath, stderrPath, profileDir, artifactsDir, homeDir } = folder;
  const ends: number[] = [];
  const theirs: number[] = [];
  let stderr: StderrTail | null = null;
  const closeEnds = (): void => closeAll(ends);
  try {
    // Opened for both directions, a FIFO neither blocks the opener nor ends when the other side is not there yet.
    openInto(ends, [readPath, constants.O_RDWR], [writePath, constants.O_RDWR]);
    stderr = tailOf(openSync(stderrPath, constants.O_RDONLY | constants.O_NONBLOCK));
    openInto(theirs, [stderrPath, constants.O_WRONLY], [writePath, constants.O_RDONLY], [readPath, constants.O_WRONLY]);
    const flags = browserFlags({ ...options, profileDir, isSandboxed: cage.isSandboxed });
    const child = spawn(chromium.path, flags, {
      // With an id of its own it has no group of the server's either.
      ...(cage.uid === null ? {} : { uid: cage.uid, gid: cage.uid }),
      // Where a sweep finds it.
      cwd: homeDir,
      detached: true,
      // No pipe made by Node.js: when no descriptor is left for the rest, it leaves those that it had made open.
      stdio: ['ignore', 'ignore', ...theirs],
      env: { ...options.environment, ...chromium.env, HOME: homeDir, TMPDIR: folder.ownTempDir },
    });
    closeAll(theirs);
    yieldToServer(child.pid);
    const pid = await started(child);
    const { text, close } = stderr;
    const { kill, exited } = watchExit(child, pid, {
      stderr: text,
      isOutOfMemory: options.isOutOfMemory,
      async cleanUp() {
        closeEnds();
        close();
        await removeBrowserFolder(folder.path).catch(() => {});
      },
    });
    return { pid, readPath, writePath, artifactsDir, homeDir, exited, releaseEnds: closeEnds, kill };
  } catch (error) {
    closeEnds();
    closeAll(theirs);
    stderr?.close();
    await removeBrowserFolder(folder.path).catch(() => {});
    throw error;
  }
}

interface StderrTail {
  /** The end of what has been written so far. */
  text(): string;
  close(): void;
}

function tailOf(descriptor: number): StderrTail {
  let text = '';
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  socket.on('error', () => {});
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-STDERR_KEPT_BYTES);
  });
  // Whoever waits for the process waits for its exit, not for this.
  socket.unref();
  return { text: () => text, close: () => void socket.destroy() };
}

/** Each is in `into` as soon as it is open: the one after it may find no descriptor left. */
function openInto(into: number[], ...files: readonly (readonly [path: string, flags: number])[]): void {
  for (const [path, flags] of files) into.push(openSync(path, flags));
}

function closeAll(descriptors: number[]): void {
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
}

type Child = ReturnType<typeof spawn>;

/** All that it starts inherits it, as it has started nothing yet. One that could not be spawned has no pid. */
function yieldToServer(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, NICENESS);
  } catch {
    // Already gone, which `exited` will tell.
  }
}

async function started(child: Child): Promise<number> {
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => (child.pid === undefined ? reject(new Error('no pid')) : resolve(child.pid)));
  });
}

interface ExitOptions {
  readonly stderr: () => string;
  readonly isOutOfMemory: () => boolean;
  readonly cleanUp: () => Promise<void>;
}

function watchExit(child: Child, pid: number, { stderr, isOutOfMemory, cleanUp }: ExitOptions) {
  let asked: BrowserExitReason | null = null;
  const exited = new Promise<BrowserExit>((resolve) => {
    child.once('exit', (code, signal) => {
      // Its renderers end with it, as a rule; the group makes sure, and frees the folder of writers.
      killGroup(pid);
      const reason = asked ?? (signal !== 'SIGKILL' ? 'crash' : isOutOfMemory() ? 'oom' : 'killed');
      const said = asked === null ? worthSaying(stderr()) : '';
      const detail = `${signal ?? `exit code ${code}`}${said === '' ? '' : `: ${said}`}`;
      void cleanUp().then(() => resolve({ reason, detail }));
    });
  });
  return {
    exited,
    kill(reason: BrowserExitReason) {
      asked ??= reason;
      killGroup(pid);
    },
  };
}

/**
 * The last lines of stderr, without what pages log, which is their clients' own, and without the complaints about a
 * desktop's message bus that every server lacks.
 */
function worthSaying(stderr: string): string {
  // A page's line may have several, of which only the first says what it is.
  const entries = stderr.split(/\n(?=\[\d+[:/])/).filter((entry) => !/^\[[^\]]*:CONSOLE[:(]/.test(entry.trim()));
  const lines = entries.flatMap((entry) => entry.split('\n'));
  return lines
    .filter((line) => line.trim() !== '' && !/\bdbus\//.test(line))
    .slice(-5)
    .join('; ');
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
