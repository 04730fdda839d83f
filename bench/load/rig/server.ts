/**
 * The server as users run it: `node dist/src/main.js` in a process of its own, with a history file of its own. In:
 * settings; out: its URL and pid, once it says that it is ready.
 */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { deadline, until } from '../../../test/deadline.js';

const START_MS = 30_000;
const STOP_MS = 20_000;
/**
 * The part of this process's environment that the server sees. A setting left there by chance would change the figures.
 */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'XDG_CACHE_HOME', 'PLAYWRIGHT_BROWSERS_PATH', 'LD_LIBRARY_PATH'];
const MAIN = fileURLToPath(new URL('../../../src/main.js', import.meta.url));

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** Ends it by SIGTERM, in order; by SIGKILL when that takes too long. */
  stop(): Promise<void>;
}

/** @throws {Error} when it ends before it listens, or is not ready in time. */
export async function startServerProcess(
  settings: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): Promise<ServerProcess> {
  const passed = Object.fromEntries(
    PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  const stateDir = mkdtempSync(join(tmpdir(), 'headcount-bench-'));
  const child = spawn(process.execPath, [...nodeArgs, MAIN], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...passed, PORT: '0', LOG_LEVEL: 'info', STATE_DIR: stateDir, ...settings },
  });
  const stop = async (): Promise<void> => {
    await stopProcess(child);
    rmSync(stateDir, { recursive: true, force: true });
  };
  try {
    const url = await deadline(listeningUrl(child), START_MS, 'the server listens');
    await until(async () => (await fetch(`${url}/health/ready`)).ok, START_MS, 'the server is ready');
    return { url, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The least that answers; see `bare-server.ts`. */
export async function startBareServer(threads: number): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL('./bare-server.js', import.meta.url)), [String(threads)]);
  const [url] = await deadline(once(child, 'message'), START_MS, 'the bare server listens');
  return { url: String(url), pid: child.pid ?? 0, stop: () => stopProcess(child) };
}

/** SIGTERM, then SIGKILL when the process does not end. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  try {
    await deadline(exited, STOP_MS, 'the process ends');
  } catch {
    child.kill('SIGKILL');
    await exited;
  }
}

/** The address in the log. What is logged later is read and dropped, so that the pipe never fills. */
async function listeningUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the server has no stdout');
  const lines = createInterface({ input: child.stdout });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it listened`)));
    lines.on('line', (line) => {
      const { msg, url } = parseLine(line);
      if (msg === 'listening' && typeof url === 'string') {
        lines.close();
        child.stdout?.resume();
        resolve(url);
      }
    });
  });
}

function parseLine(line: string): { msg?: unknown; url?: unknown } {
  try {
    return JSON.parse(line);
  } catch {
    // A complaint of Node.js' own.
    return {};
  }
}
