/**
 * A process that has a temporary folder like a server's, for tests that need one to be stopped or killed. Its argument
 * is the folder for temporary files. It tells the path of its own folder on stdout, and lives until it is killed.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createTempFolder } from '../../src/server/temp.js';
import { deadline } from '../deadline.js';

const PROGRAM = fileURLToPath(import.meta.url);
const WAIT_MS = 10_000;

export interface Holder {
  readonly child: ChildProcess;
  readonly path: string;
  /** Resolves when it is gone. */
  kill(): Promise<void>;
}

export async function startHolder(tempDir: string): Promise<Holder> {
  const child = spawn(process.execPath, [PROGRAM, tempDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [told] = await deadline(once(child.stdout.setEncoding('utf8'), 'data'), WAIT_MS, 'a holder');
  return {
    child,
    path: String(told).trim(),
    async kill() {
      child.kill('SIGKILL');
      await deadline(exited, WAIT_MS, 'the end of a holder');
    },
  };
}

if (process.argv[1] === PROGRAM) {
  const { path } = await createTempFolder(process.argv[2] ?? '');
  process.stdout.write(`${path}\n`);
  setInterval(() => {}, 1000);
}
