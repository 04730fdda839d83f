/**
 * One Chromium as a child process of main. It is spawned with two FIFOs for CDP, in a process group, folder, profile
 * and TMPDIR of its own; all of these are removed with it. Main is its parent, so that main reaps it and learns of its
 * end at once, even when its worker is dead. Main thread.
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
import { launching } from './launch.js';

const STDERR_KEPT_BYTES = 4_096;
/** Pages take all the CPU that they can get. The server, which counts them and answers for them, has to come first. */
const NICENESS = 5;

export interface BrowserProcess {
  readonly pid: number;
  readonly readPath: string;
  readonly writePath: string;
  /** For the files that a worker keeps of this browser; removed with it. */
  readonly artifactsDir: string;
  /** Where the browser may write. */
  readonly homeDir: string;
  /** Resolves once, when the process has gone and its folder has been removed. */
  readonly exited: Promise<BrowserExit>;
  /**
   * Closes main's ends of the FIFOs, once the worker holds its own. From then on, the worker and the browser notice
   * each other's end.
   */
  releaseEnds(): void;
  /** Ends the whole process group. */
  kill(reason: BrowserExitReason): void;
}

export interface BrowserExit {
  readonly reason: BrowserExitReason;
  /** For the log: exit code or signal, and the end of what it wrote to stderr when it was not asked to go. */
  readonly detail: string;
}

/** The caller says what the flags are made from, except what follows from the folder and the cage. */
export interface SpawnOptions extends Omit<FlagOptions, 'profileDir' | 'isSandboxed'> {
  readonly chromium: Chromium;
  readonly cage: Cage;
  readonly tempDir: string;
  /** What a browser may see of the server's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The authorities that it trusts besides its own; null: none. */
  readonly authorities: Authorities | null;
  /** Whether the kernel has lately ended processes for want of memory. */
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
    // Opening a FIFO for both directions does not block, and it does not end while the other side is missing.
    openInto(ends, [readPath, constants.O_RDWR], [writePath, constants.O_RDWR]);
    stderr = tailOf(openSync(stderrPath, constants.O_RDONLY | constants.O_NONBLOCK));
    openInto(theirs, [stderrPath, constants.O_WRONLY], [writePath, constants.O_RDONLY], [readPath, constants.O_WRONLY]);
    const flags = browserFlags({ ...options, profileDir, isSandboxed: cage.isSandboxed });
    const command = launching(chromium.path, flags, cage);
    const child = spawn(command.file, command.args, {
      // With a user id of its own, it has none of the server's groups either.
      ...(cage.uid === null ? {} : { uid: cage.uid, gid: cage.uid }),
      // A sweep finds the process by its working folder.
      cwd: homeDir,
      detached: command.detached,
      // No pipes made by Node.js: when it has no descriptor left for the later ones, it leaves the earlier ones open.
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
  // Callers wait for the exit of the process, so the socket must not keep the loop alive.
  socket.unref();
  return { text: () => text, close: () => void socket.destroy() };
}

/** Puts each into `into` as soon as it is open, because the next one may find no descriptor left. */
function openInto(into: number[], ...files: readonly (readonly [path: string, flags: number])[]): void {
  for (const [path, flags] of files) into.push(openSync(path, flags));
}

function closeAll(descriptors: number[]): void {
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
}

type Child = ReturnType<typeof spawn>;

/**
 * It has started nothing yet, so all that it starts inherits the niceness. A process that could not be spawned has no
 * pid.
 */
function yieldToServer(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, NICENESS);
  } catch {
    // The process has gone already; `exited` tells of that.
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
      // Its renderers usually end with it. Killing the group makes sure that they do, and that nobody writes in the
      // folder any more.
      killGroup(child, pid);
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
      killGroup(child, pid);
    },
  };
}

/**
 * The last lines of stderr. Without what pages log, because that belongs to their clients. Without the complaints about
 * a desktop's message bus, which no server has.
 */
function worthSaying(stderr: string): string {
  // What a page logs may have several lines, and only the first of them says that a page logged it.
  const entries = stderr.split(/\n(?=\[\d+[:/])/).filter((entry) => !/^\[[^\]]*:CONSOLE[:(]/.test(entry.trim()));
  const lines = entries.flatMap((entry) => entry.split('\n'));
  return lines
    .filter((line) => line.trim() !== '' && !/\bdbus\//.test(line))
    .slice(-5)
    .join('; ');
}

function killGroup(child: Child, pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All have gone, or it does not lead its group yet.
    child.kill('SIGKILL');
  }
}
