/**
 * Programs that a test starts: what they write, line by line, and an end that is waited for. They are ended only by
 * pid.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { deadline } from '../deadline.js';

const STOP_MS = 15_000;
const TOOL_MS = 60_000;

export interface Program {
  /** Of stdout and stderr, in the order of arrival. */
  readonly lines: readonly string[];
  /** The exit code or signal; null while it runs. */
  ended(): string | null;
  /** Sends SIGTERM, or SIGKILL when that does not help. Returns the exit code or signal. */
  stop(): Promise<string>;
}

export function startProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Program {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', (line) => lines.push(line));
  let ending: string | null = null;
  const ended = endOf(child).then((how) => {
    ending = how;
    return how;
  });
  return {
    lines,
    ended: () => ending,
    async stop() {
      if (ending !== null) return ending;
      child.kill('SIGTERM');
      try {
        return await deadline(ended, STOP_MS, `${command} ends`);
      } catch {
        child.kill('SIGKILL');
        return await deadline(ended, STOP_MS, `${command} is killed`);
      }
    },
  };
}

export interface Result {
  readonly code: string;
  readonly output: string;
  readonly errors: string;
}

/** Runs a tool to its end with `input` on its stdin. */
export async function runTool(command: string, args: readonly string[], input: string): Promise<Result> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  // A tool that ends before it has read everything says why by its exit code.
  child.stdin.once('error', () => {});
  child.stdin.end(input);
  const result = Promise.all([endOf(child), text(child.stdout), text(child.stderr)]);
  try {
    const [code, output, errors] = await deadline(result, TOOL_MS, command);
    return { code, output, errors };
  } finally {
    child.kill('SIGKILL');
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}
