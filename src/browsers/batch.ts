/**
 * Browsers as batch jobs, which to Linux means: a thread that wakes up waits until the one that runs has had its time,
 * instead of taking the CPU from it. A session is hundreds of messages between threads of half a dozen processes, and
 * each of them wakes one. chrt, of util-linux and of busybox, starts a program so; what that starts inherits it.
 * Main thread.
 */
import { execFile } from 'node:child_process';
import { type Command, isExecutable } from './group.js';

const CHRT = '/usr/bin/chrt';
/** The class has a single priority. */
const AS_BATCH = ['-b', '0'];
const TRIAL_LIMIT_MS = 5_000;

/** The same command as a batch job, when chrt is still there. */
export function batched(command: Command): Command {
  if (!isExecutable(CHRT)) return command;
  return { ...command, file: CHRT, args: [...AS_BATCH, command.file, ...command.args] };
}

/** Whether this machine lets a program be a batch job: chrt is tried once, on itself. */
export async function canBeBatch(): Promise<boolean> {
  return await new Promise((resolve) => {
    execFile(CHRT, [...AS_BATCH, CHRT, '-m'], { timeout: TRIAL_LIMIT_MS, env: {} }, (error) => resolve(error === null));
  });
}
