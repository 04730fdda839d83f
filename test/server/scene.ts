/**
 * A folder for temporary files, with what may be in it: dead locks, processes, and what is left after a test.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadline } from '../deadline.js';
import { type Holder, startHolder } from './holder.js';

const WAIT_MS = 5_000;

export interface Scene {
  readonly tempDir: string;
  of(name: string): string;
  /** A process with a folder of its own here. */
  hold(): Promise<Holder>;
  /** A process in `folder`, stopped when asked. */
  live(folder: string, options?: { isStopped?: boolean }): Promise<Resident>;
  remove(): void;
}

export interface Resident {
  readonly pid: number;
  isAlive(): boolean;
}

export function createScene(tempDir = mkdtempSync(join(tmpdir(), 'headcount-temp-'))): Scene {
  const children: ChildProcess[] = [];
  return {
    tempDir,
    of: (name) => join(tempDir, name),
    async hold() {
      const holder = await startHolder(tempDir);
      children.push(holder.child);
      return holder;
    },
    async live(cwd, { isStopped = false } = {}) {
      const child = spawn('sleep', ['60'], { cwd, stdio: 'ignore' });
      children.push(child);
      await deadline(once(child, 'spawn'), WAIT_MS, 'a process');
      if (isStopped) child.kill('SIGSTOP');
      return { pid: child.pid ?? 0, isAlive: () => child.exitCode === null && child.signalCode === null };
    },
    remove() {
      for (const child of children) child.kill('SIGKILL');
      rmSync(tempDir, { recursive: true, force: true });
    },
  };
}

/** As a killed server leaves it: with a socket on which nobody listens. */
export async function makeDead(path: string): Promise<string> {
  mkdirSync(path, { recursive: true });
  const server = createServer();
  // By way of a short path, because this is about what is left and not about how it came there.
  const bound = join(mkdtempSync(join(tmpdir(), 'headcount-bound-')), 'socket');
  await new Promise<void>((resolve) => server.listen(bound, resolve));
  renameSync(bound, join(path, 'lock'));
  await new Promise((resolve) => server.close(resolve));
  rmSync(join(bound, '..'), { recursive: true });
  return path;
}
