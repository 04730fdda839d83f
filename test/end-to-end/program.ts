/**
 * The program as a process: its output, its browsers, its end.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '../deadline.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

export interface Program extends Started {
  readonly url: string;
  /** Pids of its first browsers. */
  readonly pids: () => number[];
}

export interface RunOptions {
  readonly settings: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Another `main.js` than the one that these tests were compiled with. */
  readonly main?: string;
  /** The command that runs it, with `node` in it. Not given: just `node`. */
  readonly command?: readonly string[];
}

/** It sees nothing of this process's environment except where programs and the home are. */
export function run({ settings, args = [], main = MAIN, command = [process.execPath] }: RunOptions): Started {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings };
  const [file = '', ...before] = command;
  const child = spawn(file, [...before, main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, output: () => output, exit };
}

/** Started with test sessions and without a history, unless `settings` say otherwise. Its browsers are ready. */
export async function startProgram(options: RunOptions): Promise<Program> {
  const settings = {
    PORT: '0',
    WORKERS: '2',
    HEADCOUNT_TEST_SESSIONS: 'true',
    METRICS_FILE: 'none',
    ...options.settings,
  };
  const started = run({ ...options, settings });
  const pids = (): number[] =>
    [...started.output().matchAll(/"pid":(\d+),"ms":\d+,"msg":"browser ready"/g)].map(([, pid]) => Number(pid));
  await until(() => pids().length >= Number(settings.WORKERS), 30_000, 'its browsers').catch((error: Error) => {
    started.child.kill('SIGKILL');
    throw new Error(`${error.message}: ${started.output()}`);
  });
  return { ...started, url: /"url":"([^"]+)"/.exec(started.output())?.[1] ?? '', pids };
}
